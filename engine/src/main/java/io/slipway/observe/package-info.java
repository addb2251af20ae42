/**
 * What an operator sees of a running engine: its events as lines, and the life of its flows.
 *
 * <pre>
 *   Flows --FlowListener--> EventLog --Event--> EventQueue ==(bounded)==> writer thread --> EventSink
 *   names --NameListener--> EventLog
 *                           FlowLog  --Event--> EventQueue ==(bounded)==> writer thread --> file
 * </pre>
 *
 * <p>An {@link io.slipway.observe.Event} is a name and its fields; {@link
 * io.slipway.observe.EventFormat} turns it into one line of text or one JSON object. Formatting and
 * writing happen on the queue's own thread and never on an event loop: a loop offers the event and
 * goes on. When the sink is slower than the events, the queue fills, and further events are dropped
 * and counted; the count is part of the last event.
 *
 * <p>This room decides nothing and changes nothing. It may read every room below it, and is used by
 * the package root and by the command line. It knows no logging library: whoever starts the engine
 * supplies the {@link io.slipway.observe.EventSink}. Everything here is cold code; time of day is
 * read here ({@code System.currentTimeMillis}), because lines carry it and decisions do not.
 */
@NullMarked
package io.slipway.observe;

import org.jspecify.annotations.NullMarked;
