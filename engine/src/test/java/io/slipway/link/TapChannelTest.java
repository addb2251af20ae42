package io.slipway.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import io.slipway.egress.Offload;
import io.slipway.stats.Counters;
import io.slipway.stats.Drop;
import io.slipway.sys.Linux;
import io.slipway.wire.Gather;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A pipe stands for the device: it takes the same system calls, and it needs no privileges. */
class TapChannelTest {

  private static final Offload PLAIN = Offload.NONE;

  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private final BlockingQueue<ByteBuf> kept = new LinkedBlockingQueue<>();
  private final Counters counters = new Counters();
  private int used = -1;
  private EventLoopGroup group;
  private FileDescriptor readEnd;
  private FileDescriptor writeEnd;
  private TapChannel channel;

  private final class Recorder extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf frame = (ByteBuf) message;
      String text = frame.toString(StandardCharsets.US_ASCII);
      events.add(text);
      if (text.startsWith("keep")) {
        kept.add(frame.retainedSlice());
      } else if (text.startsWith("close")) {
        ctx.close();
        // The frame in hand is still ours to read.
        events.add(frame.toString(StandardCharsets.US_ASCII));
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      events.add("end");
    }
  }

  @BeforeEach
  void open() throws Exception {
    Epoll.ensureAvailability();
    group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    FileDescriptor[] ends = FileDescriptor.pipe();
    readEnd = ends[0];
    writeEnd = ends[1];
  }

  @AfterEach
  void close() throws Exception {
    if (channel != null && channel.isOpen()) {
      channel.close().sync();
    }
    kept.forEach(ByteBuf::release);
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    for (FileDescriptor end : new FileDescriptor[] {readEnd, writeEnd}) {
      if (channel == null || end.intValue() != used) {
        end.close();
      }
    }
  }

  private void start(FileDescriptor device) throws Exception {
    used = device.intValue();
    channel = new TapChannel(used, PLAIN, counters, (_, errno) -> events.add("gone " + errno));
    channel.pipeline().addLast(new Recorder());
    group.register(channel).sync();
  }

  private String next() throws InterruptedException {
    String event = events.poll(5, TimeUnit.SECONDS);
    return event == null ? "nothing" : event;
  }

  private void write(String frame) throws Exception {
    ByteBuffer bytes = ByteBuffer.allocateDirect(frame.length());
    bytes.put(frame.getBytes(StandardCharsets.US_ASCII));
    writeEnd.write(bytes, 0, frame.length());
  }

  private <T> T onLoop(Callable<T> call) throws Exception {
    return channel.eventLoop().submit(call).get(5, TimeUnit.SECONDS);
  }

  private String read(int length) throws Exception {
    ByteBuffer bytes = ByteBuffer.allocateDirect(length);
    int got = readEnd.read(bytes, 0, length);
    byte[] text = new byte[Math.max(0, got)];
    bytes.get(0, text);
    return new String(text, StandardCharsets.US_ASCII);
  }

  // ---- reading

  @Test
  void framesAreReadInBatches() throws Exception {
    start(readEnd);
    write("one");
    assertThat(next()).isEqualTo("one");
    assertThat(next()).isEqualTo("end");
    write("two");
    assertThat(next()).isEqualTo("two");
    assertThat(next()).isEqualTo("end");
  }

  @Test
  void aKeptFrameIsNotReadOver() throws Exception {
    start(readEnd);
    for (int i = 0; i < 50; i++) {
      write("keep " + i);
      assertThat(next()).isEqualTo("keep " + i);
      assertThat(next()).isEqualTo("end");
    }
    int i = 0;
    for (ByteBuf frame : kept) {
      assertThat(frame.toString(StandardCharsets.US_ASCII)).isEqualTo("keep " + i++);
    }
    assertThat(kept).hasSize(50);
  }

  @Test
  void withoutAutoReadOneBatchIsReadPerRequest() throws Exception {
    start(readEnd);
    onLoop(() -> channel.config().setAutoRead(false).getOption(ChannelOption.AUTO_READ));
    onLoop(channel::read);
    write("one");
    assertThat(next()).isEqualTo("one");
    assertThat(next()).isEqualTo("end");
    write("two");
    assertThat(events.poll(100, TimeUnit.MILLISECONDS)).isNull();
    channel.read();
    assertThat(next()).isEqualTo("two");
  }

  @Test
  void aHandlerMayCloseInTheMiddleOfAFrame() throws Exception {
    start(readEnd);
    write("close me");
    assertThat(next()).isEqualTo("close me");
    assertThat(next()).isEqualTo("close me");
    channel.closeFuture().sync();
    assertThat(events).doesNotContain("gone 9");
  }

  @Test
  void theEndOfTheDeviceClosesTheChannelAndItsChildren() throws Exception {
    start(readEnd);
    Channel child = new EpollSocketChannel();
    group.register(child).sync();
    channel.children().add(child);
    writeEnd.close();
    assertThat(next()).isEqualTo("gone 77");
    channel.closeFuture().sync();
    assertThat(child.closeFuture().await(5, TimeUnit.SECONDS)).isTrue();
    assertThat(channel.children().isEmpty()).isTrue();
    assertThat(events.poll(50, TimeUnit.MILLISECONDS)).isNull();
  }

  @Test
  void closingClosesTheDescriptorAndTheChildren() throws Exception {
    start(readEnd);
    Channel child = new EpollSocketChannel();
    group.register(child).sync();
    channel.children().add(child);
    channel.close().sync();
    assertThat(child.closeFuture().await(5, TimeUnit.SECONDS)).isTrue();
    assertThatThrownBy(() -> write("x")).hasMessageContaining("Broken pipe");
    assertThat(events).isEmpty();
  }

  @Test
  void theEndOfTheLoopIsTheEndOfTheChannel() throws Exception {
    start(readEnd);
    // Without a quiet period Netty's loop may end before it has looked at its channels.
    group.shutdownGracefully(50, 1000, TimeUnit.MILLISECONDS).sync();
    assertThat(channel.closeFuture().await(5, TimeUnit.SECONDS)).isTrue();
    assertThatThrownBy(() -> write("x")).hasMessageContaining("Broken pipe");
  }

  // ---- writing

  private boolean emit(String header, Gather payload) throws Exception {
    ByteBuf bytes = Unpooled.directBuffer(64);
    bytes.writeCharSequence(header + " and more", StandardCharsets.US_ASCII);
    try {
      return onLoop(() -> channel.sink().emit(bytes, header.length(), payload));
    } finally {
      bytes.release();
    }
  }

  private static ByteBuf direct(String text) {
    return Unpooled.directBuffer().writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void aFrameIsItsHeaderAndThePiecesOfItsPayload() throws Exception {
    start(writeEnd);
    ByteBuf first = direct("xabcx");
    ByteBuf second = direct("defx");
    Gather payload = new Gather();
    payload.add(first, 1, 3);
    payload.add(second, 0, 3);
    assertThat(emit("HEAD", payload)).isTrue();
    assertThat(read(100)).isEqualTo("HEADabcdef");
    assertThat(emit("ALONE", null)).isTrue();
    assertThat(read(100)).isEqualTo("ALONE");
    assertThat(first.refCnt()).isEqualTo(1);
    first.release();
    second.release();
  }

  @Test
  void aThousandPiecesAndHeapBuffersAreJoined() throws Exception {
    start(writeEnd);
    ByteBuf data = direct("0123456789");
    Gather many = new Gather();
    for (int i = 0; i < 3000; i++) {
      many.add(data, i % 10, 1);
    }
    assertThat(emit("H", many)).isTrue();
    assertThat(read(4000)).isEqualTo("H" + "0123456789".repeat(300));
    Gather heap = new Gather();
    heap.add(data, 0, 5);
    heap.add(Unpooled.wrappedBuffer("onheap".getBytes(StandardCharsets.US_ASCII)), 2, 4);
    assertThat(emit("H", heap)).isTrue();
    assertThat(read(100)).isEqualTo("H01234heap");
    data.release();
  }

  @Test
  void whatTheDeviceRefusesIsCountedAndForgotten() throws Exception {
    // A full pipe says EAGAIN, once it is non-blocking.
    start(writeEnd);
    Linux.fcntl(used, Linux.F_SETFL, Linux.O_NONBLOCK);
    ByteBuf data = Unpooled.directBuffer(4096).writeZero(4096);
    Gather payload = new Gather();
    payload.add(data, 0, 4096);
    int taken = 0;
    while (emit("H", payload)) {
      taken++;
    }
    assertThat(taken).isPositive();
    assertThat(onLoop(() -> counters.dropped(Drop.TAP_WRITE_FAILED))).isEqualTo(1);
    assertThat(channel.isOpen()).isTrue();
    data.release();
  }

  @Test
  void messagesThroughThePipelineAreFrames() throws Exception {
    start(writeEnd);
    ByteBuf skipped = direct("..frame");
    skipped.skipBytes(2);
    channel.writeAndFlush(skipped).sync();
    assertThat(read(100)).isEqualTo("frame");
    byte[] heap = "heap".getBytes(StandardCharsets.US_ASCII);
    channel.writeAndFlush(Unpooled.wrappedBuffer(heap)).sync();
    assertThat(read(100)).isEqualTo("heap");
    assertThatThrownBy(() -> channel.writeAndFlush("text").sync())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void afterTheEndFramesAreRefused() throws Exception {
    start(writeEnd);
    channel.close().sync();
    ByteBuf bytes = direct("x");
    assertThat(channel.sink().emit(bytes, 1, null)).isFalse();
    bytes.release();
    assertThat(counters.dropped(Drop.TAP_WRITE_FAILED)).isEqualTo(1);
  }

  @Test
  void aBufferIsReadIntoAgainWhenNobodyHoldsIt() {
    FrameBuffers buffers = new FrameBuffers(UnpooledByteBufAllocator.DEFAULT);
    ByteBuf first = buffers.next();
    assertThat(first.capacity()).isGreaterThanOrEqualTo(10 + 14 + 40 + 65_535);
    assertThat(buffers.next()).isSameAs(first);
    first.retain();
    ByteBuf second = buffers.next();
    assertThat(second).isNotSameAs(first);
    first.release();
    assertThat(buffers.next()).isSameAs(first);
    ByteBuf[] held = new ByteBuf[40];
    for (int i = 0; i < held.length; i++) {
      held[i] = buffers.next().retain();
    }
    Set<ByteBuf> different = Collections.newSetFromMap(new IdentityHashMap<>());
    Collections.addAll(different, held);
    assertThat(different).hasSize(40);
    buffers.release();
    assertThat(Arrays.stream(held)).allMatch(buffer -> buffer.refCnt() == 1);
    Arrays.stream(held).forEach(ByteBuf::release);
  }
}
