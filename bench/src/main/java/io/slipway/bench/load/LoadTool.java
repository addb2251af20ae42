package io.slipway.bench.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Locale;

/** The program. */
final class LoadTool {
  private static final String USAGE =
      """
      usage: srv ADDR PORT                                 until it is killed
             rr ADDR PORT                                  one byte there and back
             crr ADDR PORT [parallel=1]                    connect, one byte there and back, close
             udprr ADDR PORT                               one datagram there and back
             udpsearch ADDR PORT up|down [size=1400]       the highest rate with under 1 % loss
             udprate ADDR PORT up|down RATE [size=1400]    one trial at that rate
             idle ADDR PORT [count=10000] [seconds=60]     open connections; until end of input
             ready ADDR PORT [seconds=30]                  until the first byte is answered
      options of all that measure: seconds=3 (a trial: 0.6), warm=1
      """;

  private LoadTool() {}

  /** See {@link #USAGE}. Exit status 2: called wrongly; 1: it did not work, or not in time. */
  public static void main(String[] line) throws InterruptedException {
    try {
      Arguments arguments = new Arguments(line);
      Report report = run(arguments.word("what to do"), arguments);
      System.out.println(report);
      System.exit(0);
    } catch (IllegalArgumentException e) {
      System.err.println("load: " + e.getMessage() + "\n" + USAGE);
      System.exit(2);
    } catch (IOException | RuntimeException e) {
      System.err.println("load: " + e.getMessage());
      System.exit(1);
    }
  }

  private static Report run(String what, Arguments arguments)
      throws IOException, InterruptedException {
    InetSocketAddress server = arguments.address();
    if (what.equals("srv")) {
      arguments.end();
      return LoadServer.run(server);
    }
    long warm = arguments.nanos("warm", 1);
    long seconds =
        arguments.nanos(
            "seconds",
            switch (what) {
              case "idle" -> 60;
              case "ready" -> 30;
              case "udpsearch", "udprate" -> 0.6;
              default -> 3;
            });
    return switch (what) {
      case "rr" -> {
        begin(arguments, warm + seconds);
        yield RequestClient.measure(server, warm, seconds);
      }
      case "udprr" -> {
        begin(arguments, warm + seconds);
        yield DatagramClient.measure(server, warm, seconds);
      }
      case "crr" -> {
        int parallel = (int) arguments.number("parallel", 1);
        begin(arguments, warm + seconds);
        yield ConnectClient.measure(server, parallel, warm, seconds);
      }
      case "udpsearch" -> {
        RateClient.Direction direction = direction(arguments);
        int size = (int) arguments.number("size", 1400);
        begin(arguments, warm + 60 * seconds);
        yield RateClient.search(server, direction, size, warm, seconds);
      }
      case "udprate" -> {
        RateClient.Direction direction = direction(arguments);
        double rate = Double.parseDouble(arguments.word("RATE"));
        int size = (int) arguments.number("size", 1400);
        begin(arguments, warm + seconds);
        yield RateClient.once(server, direction, size, rate, warm, seconds);
      }
      case "idle" -> {
        int count = (int) arguments.number("count", 10_000);
        arguments.end();
        yield IdleClient.hold(server, count, seconds);
      }
      case "ready" -> {
        begin(arguments, seconds);
        yield ReadyClient.await(server, seconds);
      }
      default -> throw new IllegalArgumentException("there is no '" + what + "'");
    };
  }

  private static RateClient.Direction direction(Arguments arguments) {
    String word = arguments.word("up or down");
    try {
      return RateClient.Direction.valueOf(word.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("'" + word + "' is neither up nor down", e);
    }
  }

  /** Ends the program when the network has stopped and a read would wait for ever. */
  private static void begin(Arguments arguments, long nanos) {
    arguments.end();
    long millis = nanos / 1_000_000 + 10_000;
    Thread.ofPlatform()
        .daemon()
        .name("alarm")
        .start(() -> {
          try {
            Thread.sleep(millis);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          System.err.println("load: nothing moves any more");
          Runtime.getRuntime().halt(1);
        });
  }
}
