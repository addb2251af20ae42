package io.slipway.flow;

import io.netty.buffer.ByteBuf;

/**
 * What stands at the guest's DNS address where a flow has its host half otherwise. Owned by the
 * event loop of one {@code Shard}; every call and every event is on its thread.
 */
public interface NameService {
  /** For a guest whose router says that there is none. */
  NameService NONE =
      new NameService() {
        @Override
        public HostStream openStream(HostStream.Events events) {
          throw new IllegalStateException("the router knows of no name service");
        }

        @Override
        public Questions openQuestions(Answers answers) {
          throw new IllegalStateException("the router knows of no name service");
        }
      };

  /** A conversation over TCP, which is accepted at once; as of {@link HostSockets#connect}. */
  HostStream openStream(HostStream.Events events);

  /** Begins to take the questions of one guest endpoint over UDP. */
  Questions openQuestions(Answers answers);

  /** The questions of one guest endpoint over UDP, until it is closed. */
  interface Questions extends AutoCloseable {
    /**
     * A datagram for the service; the call keeps nothing of {@code data}. What makes no sense is
     * dropped and counted.
     *
     * @param offset absolute index of the payload's first byte
     * @param length bytes of payload
     */
    void ask(ByteBuf data, int offset, int length);

    /** No answer follows. */
    @Override
    void close();
  }

  /** Hears the answers, some of them within {@link Questions#ask}. */
  interface Answers {
    /**
     * A datagram of the service.
     *
     * @param data holds it, valid for the call only; not released by the callee
     * @param offset absolute index of the payload's first byte
     * @param length bytes of payload
     */
    void onAnswer(ByteBuf data, int offset, int length);
  }
}
