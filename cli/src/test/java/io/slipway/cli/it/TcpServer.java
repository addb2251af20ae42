package io.slipway.cli.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A server on the host's loopback that runs a few lines of Java for every connection. */
public final class TcpServer implements AutoCloseable {
  /** What happened to one connection: "done", or the message of its exception. */
  private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();

  private final ServerSocket listener;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  /** Serves one connection, which is closed afterwards. */
  public interface Session {
    void serve(Socket client) throws IOException;
  }

  private TcpServer(ServerSocket listener) {
    this.listener = listener;
  }

  /** Listens on a free port of 127.0.0.1. */
  public static TcpServer start(Session session) {
    try {
      ServerSocket listener = new ServerSocket(0, 4096, InetAddress.getLoopbackAddress());
      TcpServer server = new TcpServer(listener);
      server.threads.execute(() -> server.accept(session));
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return listener.getLocalPort();
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

  private void accept(Session session) {
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
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    threads.shutdownNow();
  }
}
