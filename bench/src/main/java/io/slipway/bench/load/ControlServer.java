package io.slipway.bench.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Does at the far end what the rate search asks for: see the package. One thread a connection. */
final class ControlServer implements Runnable {
  private final ServerSocket listener;
  private final DatagramServer datagrams;

  ControlServer(InetSocketAddress local, DatagramServer datagrams) throws IOException {
    this.datagrams = datagrams;
    listener = new ServerSocket();
    listener.bind(local);
  }

  @Override
  public void run() {
    try {
      while (true) {
        Socket client = listener.accept();
        Thread.ofPlatform().daemon().name("control").start(() -> serve(client));
      }
    } catch (IOException e) {
      System.err.println("load: control: " + e.getMessage());
    }
  }

  private void serve(Socket client) {
    try (client;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
        PrintStream out =
            new PrintStream(client.getOutputStream(), true, StandardCharsets.US_ASCII)) {
      client.setTcpNoDelay(true);
      String line;
      while ((line = in.readLine()) != null) {
        out.println(answer(line.split(" ", -1)));
      }
    } catch (IOException e) {
      // The client is gone, and with it whoever would want to know.
    }
  }

  private String answer(String[] words) {
    int id = Integer.parseInt(words[1]);
    return switch (words[0]) {
      case "sink" -> {
        datagrams.count(id);
        yield "ok";
      }
      case "count" -> Long.toString(datagrams.counted(id));
      case "source" ->
          source(
              id,
              Integer.parseInt(words[2]),
              Double.parseDouble(words[3]),
              Long.parseLong(words[4]));
      default -> "what?";
    };
  }

  private String source(int id, int size, double rate, long millis) {
    @Nullable Peer peer = datagrams.greeted(id);
    if (peer == null) {
      return "0 1";
    }
    try (PacedSender sender = new PacedSender(datagrams.descriptor(), peer, id, size)) {
      RateSearch.Outcome outcome = sender.send(rate, millis * 1_000_000);
      return outcome.sent() + " " + outcome.nanos();
    }
  }
}
