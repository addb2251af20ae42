package io.slipway.link;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.unix.Errors.NativeIoException;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.slipway.egress.FrameSink;
import io.slipway.egress.Offload;
import io.slipway.stats.Counters;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One queue of a TAP device on an epoll event loop; level-triggered, as Netty's own channels are.
 *
 * <p>Owned by its event loop. Takes ownership of the descriptor: it is closed with the channel, and
 * so are the channels in {@link #children()}.
 *
 * <p>Inbound messages are frames as {@link ByteBuf}, valid for the call and still owned by the
 * channel: handlers retain what they keep and never release what they were given. A message written
 * through the pipeline is one frame, too; {@link #sink()} is the shorter way for the engine.
 */
public final class TapChannel extends AbstractChannel {

  private static final ChannelMetadata METADATA = new ChannelMetadata(false);

  /** Not NONE, which would take the descriptor out of the epoll set for good. */
  private static final EpollIoOps NOT_READING = EpollIoOps.EPOLLERR;

  private static final int FRAMES_PER_BATCH = 64;

  /**
   * Bytes per batch: about as much as the processor's nearer cache keeps until they are written.
   */
  private static final int BYTES_PER_BATCH = 1 << 20;

  private static final long RETRY_MILLIS = 100;
  private static final int EPOLLHUP = 0x10;
  private static final int ENXIO = 6;
  private static final int EBADF = 9;
  private static final int ENODEV = 19;
  private static final int EBADFD = 77;

  private final FileDescriptor device;
  private final Listener listener;
  private final ChannelGroup children;
  private final ChannelConfig config = new DefaultChannelConfig(this);
  private final FrameBuffers buffers;
  private final TapFrameSink sink;
  private final Runnable resumeReading = this::resumeReading;
  private @Nullable IoRegistration registration;
  private EpollIoOps interest = EpollIoOps.NONE;
  private boolean reading;
  private boolean goneReported;

  /**
   * Makes a channel of an open TAP descriptor; it must be registered with an epoll event loop to
   * work.
   *
   * @param descriptor non-blocking and attached to its device; owned by the channel from here on
   * @param offload what the device was set to
   * @param counters those of the loop that the channel will run on
   * @param listener told when the device disappears
   */
  public TapChannel(int descriptor, Offload offload, Counters counters, Listener listener) {
    super(null);
    // The natives of FileDescriptor are loaded by this call, not by touching the class.
    Epoll.ensureAvailability();
    this.device = new FileDescriptor(descriptor);
    this.listener = listener;
    this.children = new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE);
    this.buffers = new FrameBuffers(config.getAllocator());
    this.sink =
        new TapFrameSink(
            device,
            offload,
            counters,
            new FrameBuffers(config.getAllocator()),
            this::onDeviceError);
  }

  /** The way out for frames; to be used on the event loop of this channel only. */
  public FrameSink sink() {
    return sink;
  }

  /** The host channels that live and die with this device; safe to use from any thread. */
  public ChannelGroup children() {
    return children;
  }

  @Override
  public ChannelConfig config() {
    return config;
  }

  @Override
  public boolean isOpen() {
    return device.isOpen();
  }

  @Override
  public boolean isActive() {
    return device.isOpen();
  }

  @Override
  public ChannelMetadata metadata() {
    return METADATA;
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new TapUnsafe();
  }

  @Override
  protected boolean isCompatible(EventLoop loop) {
    return loop instanceof IoEventLoop ioLoop && ioLoop.isCompatible(TapUnsafe.class);
  }

  @Override
  protected void doRegister(ChannelPromise promise) {
    ((IoEventLoop) eventLoop())
        .register((TapUnsafe) unsafe())
        .addListener(done -> {
          if (done.isSuccess()) {
            registration = (IoRegistration) done.getNow();
            promise.setSuccess();
          } else {
            promise.setFailure(done.cause());
          }
        });
  }

  @Override
  protected void doDeregister() {
    IoRegistration current = registration;
    registration = null;
    interest = EpollIoOps.NONE;
    if (current != null) {
      current.cancel();
    }
  }

  @Override
  protected void doBeginRead() {
    setInterest(EpollIoOps.EPOLLIN);
  }

  /** Each change is one epoll_ctl, so an unchanged mask is not submitted. */
  private void setInterest(EpollIoOps wanted) {
    IoRegistration current = registration;
    if (current != null && current.isValid() && interest.value() != wanted.value()) {
      interest = wanted;
      current.submit(wanted);
    }
  }

  @Override
  protected void doClose() throws Exception {
    // The registration goes first: epoll must not be left watching a number that is reused.
    doDeregister();
    sink.close();
    device.close();
    if (!reading) {
      buffers.release();
    }
    children.close();
  }

  /** Reads what is there, up to a batch; the rest makes the descriptor readable again at once. */
  private void readBatch(boolean deviceError) {
    int frames = 0;
    int bytes = 0;
    int errno = 0;
    reading = true;
    try {
      while (frames < FRAMES_PER_BATCH && bytes < BYTES_PER_BATCH && device.isOpen()) {
        ByteBuf frame = buffers.next();
        int length = device.readAddress(frame.memoryAddress(), 0, frame.capacity());
        if (length <= 0) {
          errno = length < 0 ? EBADFD : 0;
          break;
        }
        frame.setIndex(0, length);
        frames++;
        bytes += length;
        pipeline().fireChannelRead(frame);
      }
    } catch (NativeIoException failure) {
      errno = -failure.expectedErr();
    } catch (IOException gone) {
      errno = EBADF;
    }
    if (frames > 0) {
      pipeline().fireChannelReadComplete();
    }
    reading = false;
    if (!isOpen()) {
      // Closed by a handler, while the frame in hand was still being read.
      buffers.release();
    } else if (errno != 0) {
      onReadError(errno);
    } else if (deviceError && frames == 0) {
      // EPOLLERR without a frame: the device is being unregistered.
      deviceGone(EBADFD);
    } else if (!config.isAutoRead()) {
      setInterest(NOT_READING);
    }
  }

  private void onReadError(int errno) {
    if (isGone(errno)) {
      deviceGone(errno);
      return;
    }
    // A link that is down may stay readable for epoll: look again later instead of spinning.
    setInterest(NOT_READING);
    eventLoop().schedule(resumeReading, RETRY_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void resumeReading() {
    if (isOpen() && config.isAutoRead()) {
      setInterest(EpollIoOps.EPOLLIN);
    }
  }

  /**
   * Called by the sink in the middle of somebody's work, so the closing waits until that is done.
   */
  private void onDeviceError(int errno) {
    if (isGone(errno) && isRegistered()) {
      eventLoop().execute(() -> deviceGone(errno));
    }
  }

  private static boolean isGone(int errno) {
    return errno == TapFrameSink.DeviceErrors.GONE
        || errno == EBADFD
        || errno == EBADF
        || errno == ENODEV
        || errno == ENXIO;
  }

  private void deviceGone(int errno) {
    if (goneReported || !isOpen()) {
      return;
    }
    goneReported = true;
    unsafe().close(voidPromise());
    listener.onDeviceGone(this, errno);
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer outbound) {
    for (Object message = outbound.current(); message != null; message = outbound.current()) {
      ByteBuf frame = (ByteBuf) message;
      ByteBuf start = frame.slice();
      // Refused frames are counted by the sink and are gone, as they would be on a cable.
      sink.emit(start, start.readableBytes(), null);
      outbound.remove();
    }
  }

  @Override
  protected Object filterOutboundMessage(Object message) {
    if (!(message instanceof ByteBuf frame)) {
      throw new UnsupportedOperationException("a TAP takes frames, not " + message.getClass());
    }
    if (frame.hasMemoryAddress()) {
      return frame;
    }
    ByteBuf direct = alloc().directBuffer(frame.readableBytes());
    direct.writeBytes(frame, frame.readerIndex(), frame.readableBytes());
    ReferenceCountUtil.release(frame);
    return direct;
  }

  @Override
  protected @Nullable SocketAddress localAddress0() {
    return null;
  }

  @Override
  protected @Nullable SocketAddress remoteAddress0() {
    return null;
  }

  @Override
  protected void doBind(SocketAddress localAddress) {
    throw new UnsupportedOperationException("a TAP is not bound to an address");
  }

  @Override
  protected void doDisconnect() throws Exception {
    doClose();
  }

  /** Told once, on the event loop, when the device disappears under a channel that is open. */
  @FunctionalInterface
  public interface Listener {
    /** The device is gone and the channel is closed; {@code errno} is what the kernel said. */
    void onDeviceGone(TapChannel channel, int errno);
  }

  private final class TapUnsafe extends AbstractUnsafe implements EpollIoHandle {

    @Override
    public FileDescriptor fd() {
      return device;
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
      EpollIoOps ready = ((EpollIoEvent) event).ops();
      // The kernel reports EPOLLHUP unasked and for ever, and Netty has no name for it.
      boolean error = ready.contains(EpollIoOps.EPOLLERR) || (ready.value() & EPOLLHUP) != 0;
      if (isOpen() && (error || ready.contains(EpollIoOps.EPOLLIN))) {
        readBatch(error);
      }
    }

    @Override
    public void connect(
        SocketAddress remoteAddress, SocketAddress localAddress, ChannelPromise promise) {
      promise.tryFailure(new UnsupportedOperationException("a TAP connects to nobody"));
    }

    /** The event loop is shutting down. */
    @Override
    public void close() {
      close(voidPromise());
    }
  }
}
