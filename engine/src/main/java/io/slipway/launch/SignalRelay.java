package io.slipway.launch;

import io.slipway.sys.SpawnSignals;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Passes signals that this process is sent on to the command. Owned by whoever started it; closing
 * it puts the handlers of before back.
 *
 * <p>The keys of a terminal send their signals to every process of the foreground group, so the
 * command has an interrupt from there already and is not sent it twice. SIGQUIT, for which a JVM
 * would write its threads to the command's standard output, is ignored here; the terminal's reaches
 * the command. A signal that our caller had us ignore stays ignored.
 *
 * <p>{@code sun.misc.Signal} is the only way that a JDK offers. It is reached by reflection because
 * no compiler option silences the warning that it is not an official one.
 */
public final class SignalRelay implements AutoCloseable {
  private static final List<String> RELAYED = List.of("HUP", "TERM", "USR1", "USR2", "ALRM");

  /** Sent by the terminal to the foreground group: the interrupt key, a change of its size. */
  private static final List<String> TERMINALS = List.of("INT", "WINCH");

  private final GuestProcess process;
  private final SpawnSignals quit;
  private final Class<?> signalClass;
  private final Class<?> handlerClass;
  private final Object[] before = new Object[RELAYED.size() + TERMINALS.size()];

  private SignalRelay(GuestProcess process) throws ReflectiveOperationException {
    this.process = process;
    signalClass = Class.forName("sun.misc.Signal");
    handlerClass = Class.forName("sun.misc.SignalHandler");
    int next = 0;
    for (String name : RELAYED) {
      before[next++] = handle(name, proxy(false));
    }
    for (String name : TERMINALS) {
      before[next++] = handle(name, proxy(true));
    }
    quit = SpawnSignals.ignoring(SpawnSignals.bit(SpawnSignals.SIGQUIT));
  }

  /** Starts to pass signals on. */
  public static SignalRelay to(GuestProcess process) {
    try {
      return new SignalRelay(process);
    } catch (ReflectiveOperationException e) {
      throw new LaunchException("this JDK has no sun.misc.Signal", e);
    }
  }

  private Object handle(String name, Object handler) throws ReflectiveOperationException {
    Object signal = signalClass.getConstructor(String.class).newInstance(name);
    return signalClass.getMethod("handle", signalClass, handlerClass).invoke(null, signal, handler);
  }

  private Object proxy(boolean fromTerminal) {
    return Proxy.newProxyInstance(
        SignalRelay.class.getClassLoader(),
        new Class<?>[] {handlerClass},
        new Handler(process, fromTerminal));
  }

  /** What a {@code sun.misc.SignalHandler} of ours does, on a thread of the JVM's. */
  private record Handler(GuestProcess process, boolean fromTerminal) implements InvocationHandler {
    @Override
    @SuppressWarnings("ReferenceEquality") // A proxy's own equals; nothing else is to compare.
    public @Nullable Object invoke(Object self, Method method, Object[] arguments)
        throws ReflectiveOperationException {
      return switch (method.getName()) {
        case "handle" -> {
          if (!(fromTerminal && process.hearsTerminal())) {
            Object signal = arguments[0];
            process.signal((int) signal.getClass().getMethod("getNumber").invoke(signal));
          }
          yield null;
        }
        case "equals" -> self == arguments[0];
        case "hashCode" -> System.identityHashCode(self);
        default -> "signal relay";
      };
    }
  }

  @Override
  public void close() {
    quit.close();
    int next = 0;
    try {
      for (String name : RELAYED) {
        handle(name, before[next++]);
      }
      for (String name : TERMINALS) {
        handle(name, before[next++]);
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a handler that was there cannot be put back", e);
    }
  }
}
