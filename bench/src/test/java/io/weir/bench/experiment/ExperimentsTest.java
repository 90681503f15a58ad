package io.weir.bench.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExperimentsTest {
    @Test
    void aPatternNamesAllThatItFits() {
        assertThat(Experiments.named("vxlan-p*"))
                .extracting(Experiment::name)
                .containsExactly("vxlan-push", "vxlan-pop");
        assertThat(Experiments.named("?at")).extracting(Experiment::name).containsExactly("nat");
        assertThat(Experiments.named("*-tcp")).extracting(Experiment::name).contains("tap-tcp", "tunnel-tcp");
        assertThat(Experiments.named("l.*")).isEmpty();
        assertThat(Experiments.named("*")).hasSameSizeAs(Experiments.all());
    }

    @Test
    void aFamilyIsAllThatBeginWithItsName() {
        assertThat(Experiments.named("scale"))
                .extracting(Experiment::name)
                .containsExactlyInAnyOrder("scale-routes", "scale-services", "scale-endpoints", "scale-policies");
        assertThat(Experiments.named("l3")).extracting(Experiment::name).containsExactly("l3");
        assertThat(Experiments.named("sca")).isEmpty();
    }

    @Test
    void namesAreNotUsedTwice() {
        assertThat(Experiments.all()).extracting(Experiment::name).doesNotHaveDuplicates();
    }
}
