/**
 * Where the guest lives: its namespaces, its interface, its command.
 *
 * <p>Two halves that share a door. <b>Attaching:</b> an {@link io.slipway.launch.AttachTarget} says
 * which namespace is meant; a {@link io.slipway.launch.NamespaceDoor} leads into it; through the
 * door {@link io.slipway.launch.GuestInterface} looks at the interface, opens the TAP, and gives a
 * new one its addresses and routes. <b>Running:</b> {@code GuestProcess} makes the namespaces in
 * the first place, starts the command in them, passes signals and the exit status on, and sees to
 * it that the tree dies with the engine; then it opens the same door to its own child.
 *
 * <p><b>Two ways through the door.</b> Whoever may (root, or the owner of capabilities over the
 * namespace) visits with one thread of the JVM by setns(2). Everybody else owns the user namespace
 * that owns the network namespace, and must enter that first, which a process of many threads
 * cannot: util-linux's {@code nsenter} starts a shell in there that opens {@code /dev/net/tun} and
 * waits while we fetch a duplicate of its descriptor (pidfd_getfd(2)). A TUN descriptor belongs to
 * the namespace it was opened in, so the JVM itself attaches it to the device afterwards. Programs
 * that configure the inside ({@code ip} of iproute2) are started through {@code nsenter} either
 * way.
 *
 * <p><b>How a command is run.</b> {@code unshare} makes the namespaces and becomes their pid 1, a
 * shell whose script comes through a pipe of ours: it opens {@code /dev/net/tun}, mounts a
 * resolv.conf that names the gateway's DNS address, reaps orphans, and ends when the pipe ends,
 * which the kernel sees to however we die; with pid 1 goes the whole tree. The command itself is
 * spawned through {@code nsenter} once the network is ready; its middleman is taken away after the
 * fork, so that the engine, a child subreaper, is the command's parent: it learns the true wait
 * status, and no shell stands between the caller's arguments, descriptors, limits, signal settings
 * and the command. {@link io.slipway.launch.CallerState} notes those before the JVM has changed
 * them.
 *
 * <p><b>As found.</b> An interface that exists is somebody's work: its MTU, addresses and gateways
 * are read and become the guest's LAN, nothing on it is changed, and its TAP flags are put back at
 * the end, by {@code InterfaceGuard} when the engine is killed. Only an interface that we create is
 * configured.
 *
 * <p><b>What it does not do.</b> No frame passes here and no packet is looked at; everything
 * happens at start and end, on the thread that starts the engine, and may block for milliseconds.
 * What a user did wrong, or lacks the right to, arrives as a {@link
 * io.slipway.launch.LaunchException} whose message is the one line to print.
 *
 * <p>Neighbours: {@code sys} below for every Linux call; the root package above calls in.
 */
@NullMarked
package io.slipway.launch;

import org.jspecify.annotations.NullMarked;
