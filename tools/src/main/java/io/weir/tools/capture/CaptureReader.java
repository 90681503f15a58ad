package io.weir.tools.capture;

import io.weir.tools.command.CommandFailure;
import java.io.EOFException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.util.Arrays;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.pcap4j.core.NotOpenException;
import org.pcap4j.core.PcapHandle;
import org.pcap4j.core.PcapHandle.TimestampPrecision;
import org.pcap4j.core.PcapNativeException;
import org.pcap4j.core.Pcaps;

/** Reads a capture file, classic or pcapng, with Ethernet frames or bare IP packets. Needs libpcap. */
public final class CaptureReader implements AutoCloseable {
    private static final int DLT_EN10MB = 1;
    private static final int DLT_RAW = 12;
    private static final int LINKTYPE_RAW = 101;
    private static final int ETHERNET_HEADER = 14;

    private final Path file;
    private final PcapHandle handle;
    private final LinkType linkType;
    private long number;

    /**
     * Opens the file.
     *
     * @throws CommandFailure when libpcap is missing or the file is no capture that weir reads
     */
    public CaptureReader(Path file) {
        this.file = file;
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
            throw new CommandFailure(file + ": can't be read; name an existing capture file");
        }
        try {
            handle = Pcaps.openOffline(file.toString(), TimestampPrecision.NANO);
        } catch (final PcapNativeException e) {
            throw new CommandFailure(file + ": is no capture file that libpcap reads (" + e.getMessage() + ")", e);
        } catch (final LinkageError e) {
            throw new CommandFailure(
                    "reading captures needs libpcap, which is not installed (Debian: apt-get install libpcap0.8)", e);
        }
        final int dlt = handle.getDlt().value();
        if (dlt != DLT_EN10MB && dlt != DLT_RAW && dlt != LINKTYPE_RAW) {
            final String name = handle.getDlt().name();
            handle.close();
            throw new CommandFailure(
                    file + ": has link type " + name + "; weir reads Ethernet and raw IP captures (tcpdump -y EN10MB)");
        }
        linkType = dlt == DLT_EN10MB ? LinkType.ETHERNET : LinkType.RAW_IP;
    }

    /** Of the file; packets always come with an Ethernet header. */
    public LinkType linkType() {
        return linkType;
    }

    /**
     * The next packet, or null at the end.
     *
     * @throws CommandFailure when the file is damaged from here on
     */
    public @Nullable CapturedPacket next() {
        try {
            final byte[] bytes = handle.getNextRawPacketEx();
            final Timestamp time = handle.getTimestamp();
            final long timeNs = Math.floorDiv(time.getTime(), 1000L) * 1_000_000_000L + time.getNanos();
            number++;
            final int originalLength = Math.max(handle.getOriginalLength(), bytes.length);
            return linkType == LinkType.ETHERNET
                    ? new CapturedPacket(number, timeNs, bytes, originalLength)
                    : new CapturedPacket(number, timeNs, withEthernet(bytes), originalLength + ETHERNET_HEADER);
        } catch (final EOFException e) {
            return null;
        } catch (final PcapNativeException | NotOpenException | TimeoutException e) {
            throw new CommandFailure(file + ": is damaged behind packet " + number + " (" + e.getMessage() + ")", e);
        }
    }

    private static byte[] withEthernet(byte[] ip) {
        final byte[] frame = new byte[ETHERNET_HEADER + ip.length];
        final boolean ipv6 = ip.length > 0 && (ip[0] & 0xF0) == 0x60;
        frame[12] = (byte) (ipv6 ? 0x86 : 0x08);
        frame[13] = (byte) (ipv6 ? 0xDD : 0x00);
        System.arraycopy(ip, 0, frame, ETHERNET_HEADER, ip.length);
        return frame;
    }

    /** Takes off the Ethernet header that {@link #next} put before a bare IP packet. */
    public static byte[] withoutEthernet(byte[] frame) {
        return Arrays.copyOfRange(frame, Math.min(ETHERNET_HEADER, frame.length), frame.length);
    }

    @Override
    public void close() {
        handle.close();
    }
}
