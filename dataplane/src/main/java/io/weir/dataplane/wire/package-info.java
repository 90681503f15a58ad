/**
 * What is on the wire, without policy: addresses, views of headers, checksums, and text for packets.
 *
 * <p>Three levels, from fast to comfortable:
 *
 * <ul>
 *   <li>{@code XFlyweight} is a view of one header inside a packet: a buffer and an offset, all fields big-endian.
 *       {@code wrap} never looks at bytes; {@code static check(buffer, offset, available)} does, once, and returns a
 *       {@link io.weir.dataplane.wire.WireFault} or null. After a null, every accessor stays inside {@code available}.
 *       Writing a length field (header length, total length, data offset) ends that promise until {@code check} is
 *       called again. A flyweight allocates nothing and is not for two threads at once.
 *   <li>A setter named {@code …WithChecksumUpdate} keeps the checksum of its own header right by RFC 1624, so a wrong
 *       checksum stays wrong. A change of an IP address also changes the transport checksum: take
 *       {@link io.weir.dataplane.wire.InternetChecksum#delta32} or {@code delta64} and give it to the transport's {@code
 *       updateChecksum}.
 *   <li>{@code XHeader} is a record of the same fields, for tests, tools and the control plane; {@code parse} and {@code
 *       emit} go from and to a flyweight.
 * </ul>
 *
 * <p>{@link io.weir.dataplane.wire.PacketPrinter} prints any bytes, and so exercises every {@code check} here.
 */
@NullMarked
package io.weir.dataplane.wire;

import org.jspecify.annotations.NullMarked;
