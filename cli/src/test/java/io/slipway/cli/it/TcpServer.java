package io.slipway.cli.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A server on the host's loopback that runs a few lines of Java for every connection. */
public final class TcpServer implements AutoCloseable {
  private static final int BACKLOG = 4096;

  /** What happened to one connection: "done", or the message of its exception. */
  private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();

  private final List<ServerSocket> listeners;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /** Serves one connection, which is closed afterwards. */
  public interface Session {
    void serve(Socket client) throws IOException;
  }

  private TcpServer(List<ServerSocket> listeners) {
    this.listeners = listeners;
  }

  /** Listens on a port that is free of both 127.0.0.1 and ::1. */
  public static TcpServer start(Session session) {
    TcpServer server = new TcpServer(listen());
    for (ServerSocket listener : server.listeners) {
      server.threads.execute(() -> server.accept(listener, session));
    }
    return server;
  }

  private static List<ServerSocket> listen() {
    IOException last = null;
    for (int attempt = 0; attempt < 20; attempt++) {
      try {
        ServerSocket four = new ServerSocket(0, BACKLOG, InetAddress.ofLiteral("127.0.0.1"));
        try {
          InetAddress loopback6 = InetAddress.ofLiteral("::1");
          return List.of(four, new ServerSocket(four.getLocalPort(), BACKLOG, loopback6));
        } catch (IOException e) {
          last = e; // somebody has it in the other family
          four.close();
        }
      } catch (IOException e) {
        last = e;
      }
    }
    throw new IllegalStateException("no port is free of both", last);
  }

  public int port() {
    return listeners.getFirst().getLocalPort();
  }

  /** How the next connection ended: "done", or the message of its exception. */
  public String nextEnd() {
    try {
      String end = ends.poll(30, TimeUnit.SECONDS);
      if (end == null) {
        throw new AssertionError("no connection ended within 30 s");
      }
      return end;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void accept(ServerSocket listener, Session session) {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        threads.execute(() -> serve(session, client));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void serve(Session session, Socket client) {
    try (client) {
      session.serve(client);
      ends.add("done");
    } catch (IOException e) {
      ends.add(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void close() {
    try {
      for (ServerSocket listener : listeners) {
        listener.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    threads.shutdownNow();
  }
}
