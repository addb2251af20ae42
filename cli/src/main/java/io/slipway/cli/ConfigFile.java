package io.slipway.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * Reads a configuration file: one YAML mapping of option names (without the dashes) to values. A
 * flag takes true or false, an option that may be repeated takes a value or a list.
 */
final class ConfigFile {
  private final String name;
  private final List<Option<?>> options;
  private final Given given = new Given();

  private ConfigFile(String name, List<Option<?>> options) {
    this.name = name;
    this.options = options;
  }

  /**
   * Reads the file.
   *
   * @param options the options that may be in it
   * @throws UsageException with file, line and the option's help when something in it is wrong
   */
  static Given read(Path file, List<Option<?>> options) {
    ConfigFile reader = new ConfigFile(file.toString(), options);
    try (Reader text = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      reader.addAll(new Yaml(new LoaderOptions()).compose(text));
    } catch (IOException e) {
      throw new UsageException("--config: '" + file + "' cannot be read: " + e, e);
    } catch (MarkedYAMLException e) {
      throw reader.error(e.getProblemMark(), "not YAML: " + firstLine(e.getProblem()), e);
    } catch (YAMLException e) {
      throw reader.error(null, "not YAML: " + firstLine(e.getMessage()), e);
    }
    return reader.given;
  }

  private void addAll(@Nullable Node root) {
    if (root == null) {
      return;
    }
    if (!(root instanceof MappingNode mapping)) {
      throw error(root.getStartMark(), "not a mapping of option names to values", null);
    }
    Set<String> seen = new HashSet<>();
    for (NodeTuple entry : mapping.getValue()) {
      Node key = entry.getKeyNode();
      Option<?> option = option(key);
      if (!seen.add(option.name())) {
        throw error(key.getStartMark(), "'" + option.key() + "' is there twice", null);
      }
      addValues(option, entry.getValueNode());
    }
  }

  private Option<?> option(Node key) {
    String text = key instanceof ScalarNode scalar ? scalar.getValue() : key.getNodeId().toString();
    return options.stream()
        .filter(option -> option.key().equals(text) && !option.equals(Options.CONFIG))
        .findFirst()
        .orElseThrow(() ->
            error(
                key.getStartMark(),
                "'" + text + "' is not the name of an option; --help lists them",
                null));
  }

  private void addValues(Option<?> option, Node value) {
    if (value instanceof SequenceNode sequence && option.kind() == Option.Kind.MANY) {
      for (Node item : sequence.getValue()) {
        addValue(option, item);
      }
    } else {
      addValue(option, value);
    }
  }

  private void addValue(Option<?> option, Node value) {
    if (!(value instanceof ScalarNode scalar)) {
      throw error(value.getStartMark(), option, "takes one plain value", null);
    }
    try {
      given.add(option, scalar.getValue());
    } catch (IllegalArgumentException e) {
      throw error(value.getStartMark(), option, e.getMessage(), e);
    }
  }

  private UsageException error(
      @Nullable Mark mark, Option<?> option, @Nullable String why, @Nullable Throwable cause) {
    return error(mark, option.key() + ": " + why + " (" + option.synopsis() + ")", cause);
  }

  private UsageException error(@Nullable Mark mark, String why, @Nullable Throwable cause) {
    String where = mark == null ? name : name + ":" + (mark.getLine() + 1);
    String message = where + ": " + why;
    return cause == null ? new UsageException(message) : new UsageException(message, cause);
  }

  private static String firstLine(@Nullable String text) {
    return text == null ? "unreadable" : text.lines().findFirst().orElse("");
  }
}
