/**
 * The command line: a thin door from arguments and files to an {@link io.slipway.Engine}.
 *
 * <pre>
 *   Main -> CommandLineParser -> Given -> NetworkSettings -> RunCommand | AttachCommand
 *                 ^                                              |
 *            ConfigFile (YAML)                                   v
 *                                       launch (namespace, process) + Session (engine, log, ends)
 * </pre>
 *
 * <p>{@link io.slipway.cli.Options} is the one table of options: name, value, help, and the parser
 * that says what is wrong with a value. Command line and configuration file are read into the same
 * {@link io.slipway.cli.Given}, so a value means the same in both.
 *
 * <p>What a user gets when something is wrong is one line on the standard error and an exit status:
 * {@link io.slipway.cli.UsageException} for what was typed, {@link
 * io.slipway.launch.LaunchException} for what the system refused. Standard output belongs to the
 * command that runs.
 *
 * <p>Start-up time is part of the interface: picocli is used through its programming interface
 * (nothing is scanned by reflection), and Log4j wakes up on the event log's thread while the
 * namespace is being made.
 */
@NullMarked
package io.slipway.cli;

import org.jspecify.annotations.NullMarked;
