package io.slipway.bench.maven;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.inject.Inject;
import org.apache.maven.artifact.DependencyResolutionRequiredException;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugins.annotations.Execute;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.plugins.annotations.ResolutionScope;
import org.apache.maven.project.MavenProject;
import org.apache.maven.toolchain.Toolchain;
import org.apache.maven.toolchain.ToolchainManager;

/**
 * Compiles the module, and what it depends on in this build, and runs JMH on it in the directory
 * that Maven was called in. Silent for a module whose run-time class path holds no JMH: with {@code
 * -am} the goal runs on those, too.
 */
@Mojo(name = "run", requiresDependencyResolution = ResolutionScope.RUNTIME)
@Execute(phase = LifecyclePhase.PROCESS_CLASSES)
public final class RunMojo extends AbstractMojo {
  private static final String JMH = "jmh-core-";

  /** A word, in which quotes protect blanks. */
  private static final Pattern WORD = Pattern.compile("(?:[^\\s\"']|\"[^\"]*\"|'[^']*')+");

  private final ToolchainManager toolchains;

  @Parameter(defaultValue = "${session}", readonly = true)
  private MavenSession session;

  @Parameter(defaultValue = "${project}", readonly = true)
  private MavenProject project;

  /** What JMH is told: a part of a benchmark's name, options; {@code -h} lists them. */
  @Parameter(property = "jmh.args", defaultValue = "")
  private String args;

  /** For Maven, which sets the parameters afterwards. */
  @Inject
  @SuppressWarnings("NullAway.Init")
  public RunMojo(ToolchainManager toolchains) {
    this.toolchains = toolchains;
  }

  /** The words of {@code line}, without the quotes that kept them together. */
  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    for (Matcher word = WORD.matcher(line); word.find(); ) {
      words.add(word.group().replaceAll("[\"']", ""));
    }
    return words;
  }

  @Override
  public void execute() throws MojoExecutionException {
    List<String> path = classPath();
    if (path.stream().noneMatch(entry -> new File(entry).getName().startsWith(JMH))) {
      return;
    }
    List<String> command = new ArrayList<>();
    command.add(java());
    command.add("--enable-native-access=ALL-UNNAMED");
    // JMH 1.37 measures its objects with Unsafe; without this the JDK warns in every fork.
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.addAll(List.of("-classpath", String.join(File.pathSeparator, path)));
    command.add("org.openjdk.jmh.Main");
    command.addAll(words(args == null ? "" : args));
    run(command);
  }

  private List<String> classPath() throws MojoExecutionException {
    try {
      return project.getRuntimeClasspathElements();
    } catch (DependencyResolutionRequiredException e) {
      throw new MojoExecutionException("the class path is not known", e);
    }
  }

  /** The JDK that the build compiles with; Maven's own may be older than the classes. */
  private String java() throws MojoExecutionException {
    Toolchain jdk = toolchains.getToolchainFromBuildContext("jdk", session);
    String java = jdk == null ? null : jdk.findTool("java");
    if (java == null) {
      throw new MojoExecutionException("no JDK was selected for " + project.getArtifactId());
    }
    return java;
  }

  private static void run(List<String> command) throws MojoExecutionException {
    try {
      int status = new ProcessBuilder(command).inheritIO().start().waitFor();
      if (status != 0) {
        throw new MojoExecutionException("JMH ended with status " + status);
      }
    } catch (IOException e) {
      throw new MojoExecutionException("cannot start " + command.get(0), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MojoExecutionException("interrupted", e);
    }
  }
}
