package io.slipway.cli.it;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/** Well-known servers on the host's loopback, each on a free port. The starter closes them. */
public final class Services {
  private static final Duration START = Duration.ofSeconds(15);

  private Services() {}

  /** A running server. */
  public record Server(Proc process, int port) implements AutoCloseable {
    @Override
    public void close() {
      process.close();
    }
  }

  /** nginx on 127.0.0.1 and ::1, serving a directory. */
  public static Server nginx(Path root) {
    int port = freePort();
    Path home = TestHost.scratch("nginx").getParent();
    write(
        home.resolve("nginx.conf"),
        """
        daemon off; worker_processes 1; pid nginx.pid; error_log stderr warn; user root;
        events { worker_connections 4096; }
        http {
          access_log off; sendfile on; keepalive_requests 1000000;
          client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi; scgi_temp_path scgi;
          server {
            listen 127.0.0.1:%d backlog=4096; listen [::1]:%d backlog=4096;
            root %s;
          }
        }
        """
            .formatted(port, port, root));
    return started(List.of("nginx", "-p", home + "/", "-c", home + "/nginx.conf"), port);
  }

  /** dnsmasq on 127.0.0.1 that knows {@code slipway.test} (10.9.8.7) and a long TXT record. */
  public static Server dnsmasq() {
    int port = freePort();
    String text = "x".repeat(200);
    return started(
        List.of(
            "dnsmasq",
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--user=root",
            "--pid-file=",
            "--listen-address=127.0.0.1",
            "--bind-interfaces",
            "--port=" + port,
            "--address=/slipway.test/10.9.8.7",
            "--txt-record=long.test," + text + "," + text + "," + text + "," + text),
        port);
  }

  /** An iperf3 server on 127.0.0.1. */
  public static Server iperf3() {
    int port = freePort();
    return started(List.of("iperf3", "-s", "-B", "127.0.0.1", "-p", "" + port), port);
  }

  private static Server started(List<String> argv, int port) {
    Proc proc = Proc.start(argv);
    Await.until(
        "a server on port " + port, START, () -> listens(port) || !proc.isAlive(), proc::soFar);
    if (!proc.isAlive()) {
      throw new AssertionError(proc.soFar().toString());
    }
    return new Server(proc, port);
  }

  /** Whether a socket listens on this port; asks the kernel, so the server sees no connection. */
  private static boolean listens(int port) {
    return !Proc.run("ss", "-Hltn", "sport = :" + port).text().isEmpty();
  }

  /** A port on which nobody listens. */
  public static int freePort() {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file of random bytes, readable for everybody. */
  public record Sample(Path path, long bytes, String sha256) {
    public String name() {
      return path.getFileName().toString();
    }

    /** The same bytes for the same size, every time. */
    public static Sample make(int mebibytes) {
      Path path = TestHost.scratch(mebibytes + "MiB");
      try {
        MessageDigest digest = sha();
        SplittableRandom random = new SplittableRandom(mebibytes);
        byte[] block = new byte[1 << 20];
        try (OutputStream out = new DigestOutputStream(Files.newOutputStream(path), digest)) {
          for (int i = 0; i < mebibytes; i++) {
            random.nextBytes(block);
            out.write(block);
          }
        }
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r--r--"));
        String sha = HexFormat.of().formatHex(digest.digest());
        return new Sample(path, (long) mebibytes << 20, sha);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Answers every {@code PUT} with the SHA-256 of its body in hex, as {@code curl -T FILE -H
   * 'Expect:'} sends it.
   */
  public static TcpServer uploadSink() {
    return TcpServer.start(Services::digestUpload);
  }

  private static void digestUpload(Socket client) throws IOException {
    var in = client.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int octet = in.read();
      if (octet < 0) {
        return;
      }
      head.append((char) octet);
    }
    long left =
        head.toString()
            .lines()
            .filter(line -> line.regionMatches(true, 0, "Content-Length:", 0, 15))
            .mapToLong(line -> Long.parseLong(line.substring(15).strip()))
            .findFirst()
            .orElseThrow();
    MessageDigest digest = sha();
    byte[] block = new byte[1 << 16];
    while (left > 0) {
      int n = in.read(block, 0, (int) Math.min(left, block.length));
      if (n < 0) {
        return;
      }
      digest.update(block, 0, n);
      left -= n;
    }
    String body = HexFormat.of().formatHex(digest.digest());
    String answer =
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + body.length() + "\r\n\r\n";
    client.getOutputStream().write((answer + body).getBytes(StandardCharsets.US_ASCII));
  }

  static MessageDigest sha() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
