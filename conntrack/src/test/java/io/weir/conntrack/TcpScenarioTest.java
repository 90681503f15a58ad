package io.weir.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.dataplane.wire.PacketBuilder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * TCP by scenario. A step is {@code direction flags seq ack length window = outcome [STATE]}: {@code >} is the client's
 * direction; client numbers begin at 1000, server numbers at 5000. {@code wait n} lets n seconds pass.
 */
class TcpScenarioTest {
    private static final String HANDSHAKE =
            "> S 1000 0 0 8192 = forward SYN_SENT; < SA 5000 1001 0 8192 = forward SYN_RECEIVED;"
                    + " > A 1001 5001 0 8192 = forward ESTABLISHED; ";

    @ParameterizedTest
    @ValueSource(
            strings = {
                // handshake and data in both directions
                HANDSHAKE
                        + "> A 1001 5001 100 8192 = forward ESTABLISHED; < A 5001 1101 200 8192 = forward ESTABLISHED",
                // retransmitted SYN and SYN-ACK
                "> S 1000 0 0 8192 = forward SYN_SENT; > S 1000 0 0 8192 = forward SYN_SENT;"
                        + " < SA 5000 1001 0 8192 = forward SYN_RECEIVED; < SA 5000 1001 0 8192 = forward SYN_RECEIVED;"
                        + " > A 1001 5001 0 8192 = forward ESTABLISHED",
                // a SYN again with another sequence number, before the answer
                "> S 1000 0 0 8192 = forward SYN_SENT; > S 900000 0 0 8192 = forward SYN_SENT;"
                        + " < SA 5000 900001 0 8192 = forward SYN_RECEIVED; > A 900001 5001 0 8192 = forward ESTABLISHED",
                // simultaneous open
                "> S 1000 0 0 8192 = forward SYN_SENT; < S 5000 0 0 8192 = forward SYN_SENT2;"
                        + " > SA 1000 5001 0 8192 = forward SYN_RECEIVED; < SA 5000 1001 0 8192 = forward SYN_RECEIVED;"
                        + " > A 1001 5001 10 8192 = forward ESTABLISHED",
                // refused
                "> S 1000 0 0 8192 = forward SYN_SENT; < RA 0 1001 0 0 = forward CLOSE",
                // both sides close
                HANDSHAKE + "> FA 1001 5001 0 8192 = forward FIN_WAIT; < A 5001 1002 0 8192 = forward CLOSE_WAIT;"
                        + " < FA 5001 1002 0 8192 = forward LAST_ACK; > A 1002 5002 0 8192 = forward TIME_WAIT",
                // half close: the server goes on sending
                HANDSHAKE + "> FA 1001 5001 0 8192 = forward FIN_WAIT; < A 5001 1002 0 8192 = forward CLOSE_WAIT;"
                        + " < A 5001 1002 1000 8192 = forward CLOSE_WAIT; > A 1002 6001 0 8192 = forward CLOSE_WAIT",
                // the FIN is retransmitted: the other side is still open
                HANDSHAKE + "> FA 1001 5001 0 8192 = forward FIN_WAIT; > FA 1001 5001 0 8192 = forward FIN_WAIT;"
                        + " < A 5001 1002 500 8192 = forward CLOSE_WAIT",
                // an exact reset ends it
                HANDSHAKE + "< RA 5001 1001 0 0 = forward CLOSE",
                HANDSHAKE + "> R 1001 0 0 0 = forward CLOSE",
                // a reset within the window but not exact: passed on, to be challenged, and nothing ends
                HANDSHAKE + "> A 1001 5001 100 8192 = forward ESTABLISHED; < A 5001 1101 0 8192 = forward ESTABLISHED;"
                        + " > R 1601 0 0 0 = forward ESTABLISHED; > A 1101 5001 10 8192 = forward ESTABLISHED",
                // a blind reset outside of the window
                HANDSHAKE + "> R 100001 0 0 0 = tcp-reset-out-of-window ESTABLISHED",
                HANDSHAKE + "< R 4000 0 0 0 = tcp-reset-out-of-window ESTABLISHED",
                // data outside of the window, acknowledgement of what was never sent
                HANDSHAKE + "> A 30001 5001 100 8192 = tcp-sequence-ahead ESTABLISHED",
                HANDSHAKE + "> A 1001 7001 100 8192 = tcp-ack-unsent ESTABLISHED",
                HANDSHAKE + "> A 1001 5001 1000 8192 = forward ESTABLISHED; < A 5001 2001 0 8192 = forward ESTABLISHED;"
                        + " < A 5001 2001 0 0 = forward ESTABLISHED; > A 4294958000 5001 10 8192 = tcp-sequence-old ESTABLISHED",
                // retransmitted data, out of order data, keep-alive, zero-window probe
                HANDSHAKE
                        + "> A 1001 5001 1000 8192 = forward ESTABLISHED; > A 3001 5001 1000 8192 = forward ESTABLISHED;"
                        + " > A 2001 5001 1000 8192 = forward ESTABLISHED; > A 2001 5001 1000 8192 = forward ESTABLISHED;"
                        + " < A 5001 4001 0 0 = forward ESTABLISHED; > A 4001 5001 1 8192 = forward ESTABLISHED;"
                        + " > A 4000 5001 0 8192 = forward ESTABLISHED; < A 5001 4001 0 4000 = forward ESTABLISHED",
                // impossible in the state
                "> S 1000 0 0 8192 = forward SYN_SENT; > A 1001 1 0 8192 = tcp-state-invalid SYN_SENT",
                HANDSHAKE + "< S 9000 0 0 8192 = tcp-state-invalid ESTABLISHED",
                HANDSHAKE + "> SA 1000 5001 0 8192 = tcp-state-invalid ESTABLISHED",
                // flags that no one sends
                HANDSHAKE + "> SF 1001 5001 0 8192 = tcp-flags-invalid ESTABLISHED",
                "> SR 1000 0 0 8192 = tcp-flags-invalid none",
                "> F 1000 0 0 8192 = tcp-flags-invalid none",
                // no connection
                "> SA 1000 5001 0 8192 = tcp-not-a-syn none",
                "> R 1000 0 0 0 = tcp-not-a-syn none",
                "> FA 1000 5001 0 8192 = tcp-not-a-syn none",
                // picked up in mid-stream, windows unknown
                "> A 1000 5000 100 8192 = forward ESTABLISHED; < A 5000 1100 1000 10 = forward ESTABLISHED;"
                        + " < A 95000 1100 1000 10 = forward ESTABLISHED",
                // a SYN takes the ports of a connection in TIME_WAIT, from either side
                HANDSHAKE + "> FA 1001 5001 0 8192 = forward FIN_WAIT; < FA 5001 1002 0 8192 = forward LAST_ACK;"
                        + " > A 1002 5002 0 8192 = forward TIME_WAIT; > S 77000 0 0 8192 = forward SYN_SENT;"
                        + " < SA 88000 77001 0 8192 = forward SYN_RECEIVED",
                HANDSHAKE + "> FA 1001 5001 0 8192 = forward FIN_WAIT; < FA 5001 1002 0 8192 = forward LAST_ACK;"
                        + " > A 1002 5002 0 8192 = forward TIME_WAIT; < S 77000 0 0 8192 = forward SYN_SENT",
                HANDSHAKE + "> R 1001 0 0 0 = forward CLOSE; > S 77000 0 0 8192 = forward SYN_SENT",
                // the client lost its state: SYN, challenge ACK, reset, SYN
                HANDSHAKE + "> S 33000 0 0 8192 = forward ESTABLISHED; < A 5001 1001 0 8192 = forward ESTABLISHED;"
                        + " > R 1001 0 0 0 = forward CLOSE; > S 33000 0 0 8192 = forward SYN_SENT",
                // both sides lost their state: the SYN-ACK to the ignored SYN begins the connection anew
                HANDSHAKE + "> S 33000 0 0 8192 = forward ESTABLISHED; < SA 44000 33001 0 8192 = forward SYN_RECEIVED;"
                        + " > A 33001 44001 0 8192 = forward ESTABLISHED",
                // SYN and SYN-ACK repeated by the network are not that: windows stay in force
                HANDSHAKE + "> S 1000 0 0 8192 = forward ESTABLISHED; < SA 5000 1001 0 8192 = forward ESTABLISHED;"
                        + " > A 30001 5001 100 8192 = tcp-sequence-ahead ESTABLISHED",
                // the window of the SYN holds before the handshake ends
                "> S 1000 0 0 8192 = forward SYN_SENT; < SA 5000 1001 0 8192 = forward SYN_RECEIVED;"
                        + " < A 5001 1001 1400 8192 = forward SYN_RECEIVED; < A 6401 1001 1400 8192 = forward SYN_RECEIVED",
                // sequence numbers wrap
                "> S 4294967290 0 0 8192 = forward SYN_SENT; < SA 4294967295 4294967291 0 8192 = forward SYN_RECEIVED;"
                        + " > A 4294967291 0 100 8192 = forward ESTABLISHED; < A 0 95 100 8192 = forward ESTABLISHED;"
                        + " > A 95 100 0 8192 = forward ESTABLISHED",
                // timeouts
                "> S 1000 0 0 8192 = forward SYN_SENT; wait 119; < SA 5000 1001 0 8192 = forward SYN_RECEIVED",
                "> S 1000 0 0 8192 = forward SYN_SENT; wait 121; < SA 5000 1001 0 8192 = tcp-not-a-syn none",
                HANDSHAKE + "wait 431000; > A 1001 5001 10 8192 = forward ESTABLISHED",
                HANDSHAKE + "wait 432002; < R 5001 1001 0 0 = tcp-not-a-syn none",
                HANDSHAKE
                        + "> A 1001 5001 10 8192 = forward ESTABLISHED; wait 299; < A 5001 1011 0 8192 = forward ESTABLISHED",
                HANDSHAKE
                        + "> A 1001 5001 10 8192 = forward ESTABLISHED; wait 302; < R 5001 1011 0 0 = tcp-not-a-syn none",
                HANDSHAKE + "> R 1001 0 0 0 = forward CLOSE; wait 11; < R 5001 1001 0 0 = tcp-not-a-syn none",
            })
    void stateAndVerdictFollowTheScenario(String scenario) {
        try (StageRig rig = new StageRig()) {
            for (final String step : scenario.split(";", -1)) {
                final String[] words = step.trim().split("\\s+", -1);
                if (words[0].equals("wait")) {
                    rig.pass(Long.parseLong(words[1]));
                    continue;
                }
                final PacketBuilder segment = words[0].equals(">")
                        ? StageRig.tcp("10.0.0.1", 40000, "10.0.0.2", 80, words[1])
                        : StageRig.tcp("10.0.0.2", 80, "10.0.0.1", 40000, words[1]);
                segment.seq(Long.parseLong(words[2]))
                        .ack(Long.parseLong(words[3]))
                        .window(Integer.parseInt(words[5]))
                        .payloadOf(Integer.parseInt(words[4]));
                final String seen = rig.outcome(segment) + " " + rig.state();
                assertThat(seen).as("after: %s", step).isEqualTo(words[7] + " " + words[8]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void windowsAreJudgedUnlessLiberal(boolean liberal) {
        final ConntrackSpec spec = ConntrackSpec.DEFAULT.withCapacity(1024).withTcp(liberal, true);
        try (StageRig rig = new StageRig(spec, SnatSpec.NONE)) {
            rig.send(StageRig.tcp("10.0.0.1", 1, "10.0.0.2", 80, "S").seq(1000));
            rig.send(StageRig.tcp("10.0.0.2", 80, "10.0.0.1", 1, "SA").seq(5000).ack(1001));
            rig.send(StageRig.tcp("10.0.0.1", 1, "10.0.0.2", 80, "A").seq(1001).ack(5001));
            final PacketBuilder wild = StageRig.tcp("10.0.0.1", 1, "10.0.0.2", 80, "A")
                    .seq(900_000)
                    .ack(5001);
            assertThat(rig.outcome(wild)).isEqualTo(liberal ? "forward" : "tcp-sequence-ahead");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void midStreamIsAdoptedOnlyWhenLoose(boolean loose) {
        final ConntrackSpec spec = ConntrackSpec.DEFAULT.withCapacity(1024).withTcp(false, loose);
        try (StageRig rig = new StageRig(spec, SnatSpec.NONE)) {
            final PacketBuilder data = StageRig.tcp("10.0.0.1", 1, "10.0.0.2", 80, "A")
                    .seq(1)
                    .ack(1)
                    .payload("x");
            assertThat(rig.outcome(data)).isEqualTo(loose ? "forward" : "tcp-not-a-syn");
            assertThat(rig.connections()).hasSize(loose ? 1 : 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 14})
    void windowScaleMultipliesTheWindow(int scale) {
        try (StageRig rig = new StageRig()) {
            rig.send(StageRig.tcp("10.0.0.1", 1, "10.0.0.2", 80, "S").seq(0).windowScale(scale));
            rig.send(StageRig.tcp("10.0.0.2", 80, "10.0.0.1", 1, "SA")
                    .seq(0)
                    .ack(1)
                    .windowScale(scale)
                    .window(1000));
            rig.send(StageRig.tcp("10.0.0.1", 1, "10.0.0.2", 80, "A").seq(1).ack(1));
            rig.send(StageRig.tcp("10.0.0.2", 80, "10.0.0.1", 1, "A")
                    .seq(1)
                    .ack(1)
                    .window(1000));
            // once more the window is tolerated behind it
            final long edge = 1 + 2 * (1000L << scale);
            assertThat(rig.outcome(StageRig.tcp("10.0.0.1", 1, "10.0.0.2", 80, "A")
                            .seq(edge + 1)
                            .ack(1)))
                    .isEqualTo("tcp-sequence-ahead");
            assertThat(rig.outcome(StageRig.tcp("10.0.0.1", 1, "10.0.0.2", 80, "A")
                            .seq(edge)
                            .ack(1)))
                    .isEqualTo("forward");
        }
    }
}
