package io.weir.tools.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.tools.Weir;
import io.weir.tools.command.ExitCodes;
import io.weir.tools.command.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class PolicyCommandTest {
    private static final String PODS = """
            {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: x, labels: {app: web}},
             spec: {nodeName: a, containers: []}, status: {podIP: 10.0.0.1}}
            ---
            {apiVersion: v1, kind: Pod, metadata: {name: db, namespace: x, labels: {app: db}},
             spec: {nodeName: b, containers: []}, status: {podIP: 10.0.0.2}}
            ---
            {apiVersion: v1, kind: Pod, metadata: {name: job, namespace: y, labels: {app: job}},
             spec: {nodeName: b, containers: []}, status: {podIP: 10.0.0.3}}
            """;
    private static final String ONLY_WEB_TO_DB = """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: db, namespace: x}
            spec:
              podSelector: {matchLabels: {app: db}}
              ingress:
              - from: [{podSelector: {matchLabels: {app: web}}}]
                ports: [{port: 5432}]
            """;

    @TempDir
    Path directory;

    private Path before = Path.of("");
    private Path after = Path.of("");
    private final StringWriter out = new StringWriter();

    @BeforeEach
    void write() throws IOException {
        before = Files.createDirectory(directory.resolve("before"));
        after = Files.createDirectory(directory.resolve("after"));
        Files.writeString(before.resolve("pods.yaml"), PODS);
        Files.writeString(after.resolve("pods.yaml"), PODS);
        Files.writeString(after.resolve("db.yaml"), ONLY_WEB_TO_DB);
    }

    @Test
    void matrixPrintsWhoReachesWhom() {
        assertThat(run("matrix", "--config", after.toString(), "--port", "5432"))
                .isEqualTo(ExitCodes.DONE);
        assertThat(out.toString().lines().map(String::stripTrailing))
                .contains("   1 x/db      .  .", "   2 x/web  .     .", "   3 y/job  X  .");
    }

    @Test
    void matrixSaysWhyInJsonAndInThePicture() throws IOException {
        final Path picture = directory.resolve("matrix.svg");
        assertThat(run("matrix", "--config", after.toString(), "--json", "--why", "--svg", picture.toString()))
                .isEqualTo(ExitCodes.DONE);
        final Map<?, ?> tree = Json.MAPPER.readValue(out.toString(), Map.class);
        assertThat(tree.get("matrix")).isEqualTo(List.of(" ..", "X .", "X. "));
        assertThat(out.toString()).contains("isolated by NetworkPolicy x/db");
        assertThat(Files.readString(picture))
                .startsWith("<svg ")
                .contains("y/job -&gt; x/db: denied")
                .endsWith("</svg>\n");
    }

    @Test
    void diffNamesThePairsThatChange() {
        assertThat(run("diff", before.toString(), after.toString())).isEqualTo(ExitCodes.DONE);
        assertThat(out.toString())
                .contains(
                        "- y/job -> x/db  TCP, UDP, SCTP, ICMP, other protocols  now denied: egress allowed by default")
                .contains("- x/web -> x/db  0-5431/TCP, 5433-65535/TCP, UDP, SCTP, ICMP, other protocols  now denied")
                .contains("- elsewhere -> x/db  TCP,")
                .endsWith("0 opened, 3 closed\n");
        out.getBuffer().setLength(0);
        assertThat(run("diff", after.toString(), before.toString(), "--port", "80/UDP"))
                .isEqualTo(ExitCodes.DONE);
        assertThat(out.toString()).endsWith("3 opened, 0 closed\n");
        out.getBuffer().setLength(0);
        assertThat(run("diff", after.toString(), after.toString())).isEqualTo(ExitCodes.DONE);
        assertThat(out.toString()).isEqualTo("no pair changes\n");
    }

    @Test
    void lintExitsWithOneWhenItFindsSomething() throws IOException {
        assertThat(run("lint", "--config", after.toString())).isEqualTo(ExitCodes.DONE);
        assertThat(out.toString()).isEqualTo("0 findings in 1 policy\n");
        Files.writeString(
                after.resolve("typo.yaml"),
                ONLY_WEB_TO_DB.replace("app: db", "app: bd").replace(": db,", ": typo,"));
        out.getBuffer().setLength(0);
        assertThat(run("lint", "--config", after.toString())).isEqualTo(ExitCodes.FAILED);
        assertThat(out.toString()).contains("selects-nothing: NetworkPolicy x/typo selects no pod");
    }

    @Test
    void badPortsAndBadPoliciesAreBadInput() throws IOException {
        assertThat(run("matrix", "--config", after.toString(), "--port", "http"))
                .isEqualTo(ExitCodes.BAD_INPUT);
        Files.writeString(
                after.resolve("bad.yaml"),
                ONLY_WEB_TO_DB.replace("5432", "99999").replace(": db,", ": bad,"));
        assertThat(run("lint", "--config", after.toString())).isEqualTo(ExitCodes.BAD_INPUT);
        assertThat(out.toString()).contains("bad.yaml, document 1: spec.ingress[0].ports[0].port is '99999'");
    }

    private int run(String... arguments) {
        final CommandLine commandLine = Weir.commandLine();
        commandLine.setOut(new PrintWriter(out));
        commandLine.setErr(new PrintWriter(out));
        final String[] all = new String[arguments.length + 1];
        all[0] = "policy";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return commandLine.execute(all);
    }
}
