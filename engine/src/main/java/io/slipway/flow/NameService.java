package io.slipway.flow;

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
        public HostDatagrams openDatagrams(HostDatagrams.Events events) {
          throw new IllegalStateException("the router knows of no name service");
        }
      };

  /** A conversation over TCP, which is accepted at once; as of {@link HostSockets#connect}. */
  HostStream openStream(HostStream.Events events);

  /**
   * The questions of one guest endpoint over UDP. {@link HostDatagrams#send} ignores where to; an
   * answer may come within the call, and says nothing true of where from.
   */
  HostDatagrams openDatagrams(HostDatagrams.Events events);
}
