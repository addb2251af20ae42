package io.slipway.cli.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * What one engine, told apart by a variable in the environment of its processes, leaves on the
 * machine: processes, namespaces, interfaces of its host, temporary files. Owned by one test.
 */
public final class Leftovers {
  /** The variable to start the engine with. */
  public static final String MARK = "SLIPWAY_IT_MARK";

  private static final List<String> KINDS = List.of("net", "user", "mnt", "pid");
  private static final List<Path> ROOMS =
      List.of(Path.of("/tmp"), Path.of("/var/tmp"), Path.of("/dev/shm"), Path.of("/run"));

  /** Directories and namespaces of tests, of this run and of others that go on beside it. */
  private static final String RUNS =
      "\\(/tmp/slipway-\\(it\\|checkout\\|launch\\)\\|/run/netns/slipway-it-\\)[^/]*";

  private static final String TELLING = ".*/[^/]*\\(slipway\\|netty\\|\\.so\\|\\.jar\\)[^/]*";

  private final World world;
  private final String mark = UUID.randomUUID().toString();
  private final Set<String> ownNamespaces = new HashSet<>();
  private final Set<String> interfaces;
  private final Set<String> files = temporaryFiles();

  private Leftovers(World world) {
    this.world = world;
    interfaces = interfaces();
  }

  /** Notes what there is before the engine starts. */
  public static Leftovers watch(World world) {
    return new Leftovers(world);
  }

  /** The value for {@link #MARK}. */
  public String mark() {
    return mark;
  }

  /** Notes the namespaces that the engine made, to be called while it lives. */
  public void look(long engine) {
    // Those that the engine itself is in were there before: it enters others by thread or child.
    Set<String> others = new HashSet<>(namespaces(Path.of("/proc/" + engine)));
    Set<String> marked = new HashSet<>();
    for (Path process : processes()) {
      (isMarked(process) ? marked : others).addAll(namespaces(process));
    }
    marked.removeAll(others);
    ownNamespaces.addAll(marked);
  }

  /** Everything that is left; empty is what one hopes for. */
  public List<String> found() {
    List<String> left = new ArrayList<>();
    for (Path process : processes()) {
      if (isMarked(process)) {
        left.add("process " + process.getFileName() + ": " + read(process.resolve("cmdline")));
      } else if (namespaces(process).stream().anyMatch(ownNamespaces::contains)) {
        left.add("process in its namespace: " + read(process.resolve("cmdline")));
      }
    }
    String mounts = read(Path.of("/proc/self/mountinfo"));
    ownNamespaces.stream().filter(mounts::contains).forEach(ns -> left.add("mounted " + ns));
    interfaces().stream().filter(i -> !interfaces.contains(i)).forEach(i -> left.add("link " + i));
    temporaryFiles().stream().filter(f -> !files.contains(f)).forEach(f -> left.add("file " + f));
    return left;
  }

  private Set<String> interfaces() {
    Set<String> names = new TreeSet<>();
    world.host("ip -o link").ok().out().lines().forEach(l -> names.add(l.split(": ", -1)[1]));
    return names;
  }

  private boolean isMarked(Path process) {
    return read(process.resolve("environ")).contains(MARK + "=" + mark);
  }

  private static Set<String> namespaces(Path process) {
    Set<String> names = new HashSet<>();
    for (String kind : KINDS) {
      try {
        names.add(Files.readSymbolicLink(process.resolve("ns/" + kind)).toString());
      } catch (IOException e) {
        return Set.of(); // gone meanwhile, or a kernel thread
      }
    }
    return names;
  }

  private static List<Path> processes() {
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      return all.filter(p -> p.getFileName().toString().matches("\\d+")).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Files that an engine could have made: the ordinary user's, or root's that look like it. */
  private static Set<String> temporaryFiles() {
    Set<String> names = new TreeSet<>();
    for (Path room : ROOMS) {
      String found =
          Proc.run(
                  "find",
                  room.toString(),
                  "-xdev",
                  "-maxdepth",
                  "2",
                  "-regex",
                  RUNS,
                  "-prune",
                  "-o",
                  "(",
                  "-uid",
                  TestHost.user().uid(),
                  "-o",
                  "-regex",
                  TELLING,
                  ")",
                  "-print")
              .out();
      found.lines().forEach(names::add);
    }
    return names;
  }

  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).replace('\0', ' ');
    } catch (IOException e) {
      return ""; // gone meanwhile
    }
  }
}
