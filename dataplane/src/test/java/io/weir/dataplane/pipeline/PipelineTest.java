package io.weir.dataplane.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.dataplane.packet.Packet;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stages are asked in order until one ends the packet's way, however many there are, explained or not. */
class PipelineTest {
    private final Packet packet = new Packet();
    private final Decision decision = new Decision();
    private final List<String> asked = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 8, 9, 12})
    void asksEveryStageInOrder(int count) {
        final Pipeline pipeline = pipeline(count, -1);
        decision.reset(packet);
        decision.leaveBy(1, 1, 1500);
        assertThat(pipeline.decide(packet, decision)).isEqualTo(Verdict.FORWARD);
        assertThat(asked).isEqualTo(names(count));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
    void asksNoStageBehindTheOneThatEnds(int ending) {
        final Pipeline pipeline = pipeline(12, ending);
        decision.reset(packet);
        assertThat(pipeline.decide(packet, decision)).isEqualTo(Verdict.DROP);
        assertThat(decision.reason()).isEqualTo(DataplaneDrop.MARTIAN_SOURCE);
        assertThat(asked).isEqualTo(names(ending + 1));
    }

    @Test
    void explainsEachStageThatWasAsked() {
        final List<String> told = new ArrayList<>();
        decision.explainTo(new Explanation() {
            @Override
            public void stage(String name) {
                told.add(name);
            }

            @Override
            public void because(String sentence) {
                told.add(sentence);
            }

            @Override
            public void verdict(Verdict verdict) {
                told.add(verdict.name());
            }
        });
        decision.reset(packet);
        assertThat(pipeline(3, 1).decide(packet, decision)).isEqualTo(Verdict.DROP);
        assertThat(told).containsExactly("stage-0", "CONTINUE", "stage-1", "DROP");
        assertThat(asked).isEqualTo(names(2));
    }

    @Test
    void packetWithoutAWayOutIsDropped() {
        decision.reset(packet);
        assertThat(pipeline(2, -1).decide(packet, decision)).isEqualTo(Verdict.DROP);
        assertThat(decision.reason()).isEqualTo(DataplaneDrop.NO_ROUTE);
    }

    @Test
    void decidesFourTimesAtMostWhenTheStateChangesAllTheTime() {
        final Pipeline pipeline = new Pipeline(List.of(new Named("again") {
            @Override
            public Verdict decide(Packet about, Decision so) {
                asked.add(name());
                return so.again(DataplaneDrop.NO_ROUTE);
            }
        }));
        decision.reset(packet);
        assertThat(pipeline.decide(packet, decision)).isEqualTo(Verdict.DROP);
        assertThat(asked).hasSize(4);
    }

    @Test
    void refusesNoStagesAndTwoOfOneName() {
        assertThatThrownBy(() -> new Pipeline(List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Pipeline(List.of(stage("a", false), stage("a", false))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a");
    }

    /** @param ending the place of the stage that drops; -1 for none */
    private Pipeline pipeline(int count, int ending) {
        return new Pipeline(IntStream.range(0, count)
                .mapToObj(i -> stage("stage-" + i, i == ending))
                .toList());
    }

    private static List<String> names(int count) {
        return IntStream.range(0, count).mapToObj(i -> "stage-" + i).toList();
    }

    private Stage stage(String name, boolean ends) {
        return new Named(name) {
            @Override
            public Verdict decide(Packet about, Decision so) {
                asked.add(name());
                return ends ? so.drop(DataplaneDrop.MARTIAN_SOURCE) : Verdict.CONTINUE;
            }
        };
    }

    private abstract static class Named implements Stage {
        private final String name;

        Named(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String describe() {
            return "a test's stage";
        }
    }
}
