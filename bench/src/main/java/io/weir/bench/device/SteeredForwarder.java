package io.weir.bench.device;

import io.weir.bench.report.Subject;
import java.io.IOException;

/** A forwarder whose incoming packets the kernel receives on another core than the sender's (receive packet steering). */
record SteeredForwarder(Forwarder forwarder, BenchNamespaces net, String mask) implements Forwarder {
    @Override
    public Subject subject() {
        return forwarder.subject();
    }

    @Override
    public String detail() {
        return "received on the other core";
    }

    @Override
    public String command() {
        return forwarder.command() + "; rps_cpus of up0: " + mask;
    }

    @Override
    public AutoCloseable start() throws IOException, InterruptedException {
        steer(mask);
        final AutoCloseable started = forwarder.start();
        return () -> {
            started.close();
            steer("0");
        };
    }

    private void steer(String cores) throws IOException, InterruptedException {
        net.run("node", "sh", "-c", "echo " + cores + " > /sys/class/net/up0/queues/rx-0/rps_cpus");
    }
}
