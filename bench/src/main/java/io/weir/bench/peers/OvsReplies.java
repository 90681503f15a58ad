package io.weir.bench.peers;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Shows a switch one answer to each connection that it tracks. Without it a flow of UDP stays a new connection for ever, and the
 * switch would commit every packet of it again, which no real switch with real traffic does.
 */
final class OvsReplies {
    private static final Pattern CONNECTION = Pattern.compile(
            "^(udp|tcp),.*reply=\\(src=([0-9a-f.:]+),dst=([0-9a-f.:]+),sport=(\\d+),dport=(\\d+)\\)",
            Pattern.MULTILINE);
    private static final byte[] ETHERNET = {2, 0, 0, 0, 0, 0x0A, 2, 0, 0, 0, 0, 2};
    private static final int ETHERNET_LENGTH = 14;
    private static final int PORT_SECONDS = 60;

    /** The first answers after a change of rules are lost while the polling thread asks for the decision. */
    private static final int TIMES = 2;

    private OvsReplies() {}

    /** Plays the answers through a port of their own, which is taken away afterwards. */
    static void play(OvsSwitch ovs, PeerWork work) throws IOException, InterruptedException {
        final Matcher matcher = CONNECTION.matcher(ovs.appctl("dpctl/dump-conntrack"));
        final List<byte[]> answers = new ArrayList<>();
        while (matcher.find()) {
            answers.add(answer(matcher));
        }
        final List<byte[]> all = new ArrayList<>();
        for (int i = 0; i < TIMES; i++) {
            all.addAll(answers);
        }
        final Path file = work.directory().resolve("replies.pcap");
        PcapFile.write(file, all);
        ovs.port(OvsSwitch.BRIDGE, "replies", OvsFlows.REPLIES, "net_pcap2,rx_pcap=" + file);
        for (int i = 0; i < PORT_SECONDS * 5 && ovs.arrived("replies") < all.size(); i++) {
            Thread.sleep(200);
        }
        ovs.removePort("replies");
    }

    private static byte[] answer(Matcher matcher) throws IOException {
        final InetAddress source = InetAddress.getByName(matcher.group(2));
        final InetAddress destination = InetAddress.getByName(matcher.group(3));
        final boolean tcp = matcher.group(1).equals("tcp");
        final boolean ipv6 = source.getAddress().length == 16;
        final int transport = tcp ? 20 : 8;
        final ByteBuffer frame = ByteBuffer.allocate(ETHERNET_LENGTH + (ipv6 ? 40 : 20) + transport);
        frame.put(ETHERNET).putShort((short) (ipv6 ? 0x86DD : 0x0800));
        if (ipv6) {
            frame.putInt(0x6000_0000)
                    .putShort((short) transport)
                    .put((byte) (tcp ? 6 : 17))
                    .put((byte) 64);
        } else {
            frame.putShort((short) 0x4500).putShort((short) (20 + transport)).putInt(0x4000);
            frame.put((byte) 64).put((byte) (tcp ? 6 : 17)).putShort((short) 0);
        }
        frame.put(source.getAddress()).put(destination.getAddress());
        if (!ipv6) {
            frame.putShort(ETHERNET_LENGTH + 10, (short) ~sum(frame, ETHERNET_LENGTH, ETHERNET_LENGTH + 20, 0));
        }
        final int start = frame.position();
        frame.putShort((short) Integer.parseInt(matcher.group(4))).putShort((short) Integer.parseInt(matcher.group(5)));
        if (tcp) {
            frame.putInt(1).putInt(2).putShort((short) 0x5010).putShort((short) 0xFFFF);
        } else {
            frame.putShort((short) transport);
        }
        final int addresses = ETHERNET_LENGTH + (ipv6 ? 8 : 12);
        final int checksum = ~sum(frame, addresses, frame.capacity(), (tcp ? 6 : 17) + transport) & 0xFFFF;
        frame.putShort(start + (tcp ? 16 : 6), (short) (checksum == 0 ? 0xFFFF : checksum));
        return frame.array();
    }

    private static int sum(ByteBuffer frame, int from, int to, int initial) {
        int sum = initial;
        for (int i = from; i < to; i += 2) {
            sum += frame.getShort(i) & 0xFFFF;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return sum;
    }
}
