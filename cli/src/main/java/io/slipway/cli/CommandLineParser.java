package io.slipway.cli;

import io.slipway.launch.ExitStatus;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** Turns arguments into a {@link Request}; picocli knows the grammar, {@link Options} the words. */
final class CommandLineParser {
  static final String RUN = "run";
  private static final String ATTACH = "attach";
  private static final String COMPLETION = "generate-completion";
  private static final String HELP = "--help";
  private static final String VERSION = "--version";
  private static final int HELP_WIDTH = 100;

  /** Exit status for a usage error; see {@link #usageStatus}. */
  static final int USAGE = 2;

  private final CommandLine commandLine = new CommandLine(root());

  /**
   * Understands the arguments.
   *
   * @throws UsageException when they make no sense, with one line that says why
   */
  Request parse(String... args) {
    ParseResult parsed;
    try {
      parsed = commandLine.parseArgs(args);
    } catch (CommandLine.ParameterException e) {
      String command = e.getCommandLine().getCommandSpec().qualifiedName();
      throw new UsageException(firstLine(e) + " (see " + command + " --help)", e);
    }
    if (parsed.hasMatchedOption(VERSION)) {
      return new Request.Print("slipway " + Version.text() + System.lineSeparator());
    }
    @Nullable ParseResult command = parsed.subcommand();
    if (command == null) {
      if (parsed.hasMatchedOption(HELP)) {
        return new Request.Print(commandLine.getUsageMessage());
      }
      throw new UsageException("a command is missing: run or attach (see slipway --help)");
    }
    if (command.hasMatchedOption(HELP) || parsed.hasMatchedOption(HELP)) {
      return new Request.Print(command.commandSpec().commandLine().getUsageMessage());
    }
    return switch (command.commandSpec().name()) {
      case RUN -> {
        List<String> words = command.matchedPositionalValue(0, List.of());
        if (words.isEmpty()) {
          throw new UsageException("the command to run is missing (see slipway run --help)");
        }
        yield new Request.Run(given(command, Options.OF_RUN), words);
      }
      case ATTACH -> new Request.Attach(given(command, Options.OF_ATTACH));
      default -> new Request.Print(AutoComplete.bash("slipway", new CommandLine(root())));
    };
  }

  /** Exit status for a usage error: {@code run} leaves the small numbers to the command. */
  static int usageStatus(String... args) {
    return command(args).equals(RUN) ? ExitStatus.ENGINE_FAILED : USAGE;
  }

  /** The first word that is not an option names the command; empty when there is none. */
  static String command(String... args) {
    for (String arg : args) {
      if (!arg.startsWith("-")) {
        return arg;
      }
    }
    return "";
  }

  /** Whether the command, if its arguments make sense, starts an engine. */
  static boolean needsEngine(String command) {
    return command.equals(RUN) || command.equals(ATTACH);
  }

  private static Given given(ParseResult command, List<Option<?>> options) {
    Given given = new Given();
    for (Option<?> option : options) {
      if (!command.hasMatchedOption(option.name())) {
        continue;
      }
      for (String text : texts(command, option)) {
        try {
          given.add(option, text);
        } catch (IllegalArgumentException e) {
          throw new UsageException(option.name() + ": " + e.getMessage(), e);
        }
      }
    }
    @Nullable String file = given.value(Options.CONFIG);
    if (file != null) {
      given.addMissing(ConfigFile.read(Path.of(file), options));
    }
    return given;
  }

  private static List<String> texts(ParseResult command, Option<?> option) {
    return switch (option.kind()) {
      case FLAG -> List.of(command.matchedOptionValue(option.name(), false).toString());
      case ONE -> List.of(command.matchedOptionValue(option.name(), ""));
      case MANY -> command.matchedOptionValue(option.name(), List.of());
    };
  }

  private static String firstLine(Exception e) {
    @Nullable String message = e.getMessage();
    return message == null ? e.toString() : message.lines().findFirst().orElse("");
  }

  private static CommandSpec root() {
    CommandSpec root =
        CommandSpec.create()
            .name("slipway")
            .addOption(flag(HELP, "show this help"))
            .addOption(flag(VERSION, "show the version"));
    root.usageMessage()
        .description("A network for isolated namespaces, from an ordinary process.")
        .width(HELP_WIDTH);
    root.parser().stopAtPositional(true);
    root.addSubcommand(RUN, run())
        .addSubcommand(ATTACH, attach())
        .addSubcommand(
            COMPLETION,
            command("print the completion script for bash", List.of())
                .addOption(flag(HELP, "show this help")));
    // "@file" and quotes in the arguments of a command are the command's business.
    CommandLine line = new CommandLine(root);
    line.setExpandAtFiles(false).setTrimQuotes(false).setStopAtPositional(true);
    return root;
  }

  private static CommandSpec run() {
    CommandSpec run = command("run COMMAND in a new, isolated network namespace", Options.OF_RUN);
    run.usageMessage()
        .customSynopsis("slipway run [OPTIONS] [--] COMMAND [ARG...]")
        .footer(
            "",
            "Exit status: the command's own; 125 when slipway fails, 126 when COMMAND cannot be"
                + " executed,",
            "127 when it is not found, 128+N when signal N killed it.");
    return run.addPositional(
        PositionalParamSpec.builder()
            .paramLabel("COMMAND")
            .index("0..*")
            .arity("0..*")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .description("the program and its arguments")
            .build());
  }

  private static CommandSpec attach() {
    CommandSpec attach =
        command("give an existing namespace or descriptor its network", Options.OF_ATTACH);
    attach
        .usageMessage()
        .customSynopsis("slipway attach [OPTIONS] (--pid PID | --netns PATH|NAME | --fd N)");
    return attach;
  }

  private static CommandSpec command(String description, List<Option<?>> options) {
    CommandSpec command = CommandSpec.create();
    command.usageMessage().description(capital(description) + '.').width(HELP_WIDTH);
    command.usageMessage().sortOptions(false);
    options.forEach(option -> command.addOption(spec(option)));
    if (!options.isEmpty()) {
      command.addOption(flag(HELP, "show this help"));
    }
    return command;
  }

  private static OptionSpec spec(Option<?> option) {
    if (option.kind() == Option.Kind.FLAG) {
      return flag(option.name(), option.help());
    }
    OptionSpec.Builder spec =
        OptionSpec.builder(option.name())
            .paramLabel(option.label())
            .arity("1")
            .description(option.help());
    if (option.kind() == Option.Kind.MANY) {
      spec.type(List.class).auxiliaryTypes(String.class);
    } else {
      spec.type(String.class);
    }
    return spec.build();
  }

  private static OptionSpec flag(String name, String help) {
    return OptionSpec.builder(name).type(boolean.class).arity("0").description(help).build();
  }

  private static String capital(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }
}
