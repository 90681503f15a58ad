package io.weir.agent.simulation;

import io.weir.dataplane.pipeline.Explanation;
import io.weir.dataplane.pipeline.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Takes down what the stages of a pipeline say. */
public final class StageRecorder implements Explanation {
    private final List<ExplainedStage> stages = new ArrayList<>();
    private final List<String> because = new ArrayList<>();
    private String node = "";
    private String stage = "";

    /** Forgets everything; what follows is of this node. */
    public void start(String nodeName) {
        stages.clear();
        because.clear();
        node = nodeName;
    }

    /** What follows is of another node; what was taken down stays. */
    public void proceed(String nodeName) {
        node = nodeName;
    }

    @Override
    public void stage(String name) {
        stage = name;
        because.clear();
    }

    @Override
    public void because(String sentence) {
        because.add(sentence);
    }

    @Override
    public void verdict(Verdict verdict) {
        stages.add(new ExplainedStage(node, stage, verdict.name().toLowerCase(Locale.ROOT), because));
        because.clear();
    }

    /** What was taken down so far. */
    public List<ExplainedStage> stages() {
        return List.copyOf(stages);
    }
}
