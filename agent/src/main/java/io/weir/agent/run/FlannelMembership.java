package io.weir.agent.run;

import io.weir.agent.config.FlannelConfig;
import io.weir.agent.flannel.FlannelException;
import io.weir.agent.flannel.FlannelMember;
import io.weir.agent.flannel.FlannelPlan;
import java.io.IOException;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One attempt after the other to join a flannel network, and the membership that comes of it; on a thread of its own. */
final class FlannelMembership {
    private static final Logger LOG = LoggerFactory.getLogger(FlannelMembership.class);
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LAST_RETRY = Duration.ofSeconds(10);
    private static final Duration END = Duration.ofSeconds(8);

    private final FlannelConfig config;
    private final FlannelMember.Surroundings node;
    private final AtomicReference<@Nullable FlannelPlan> plans;
    private final CountDownLatch ending = new CountDownLatch(1);
    private final Thread thread;
    private volatile String state = "joining";
    private volatile @Nullable String alarm;

    /**
     * Starts to join.
     *
     * @param before ends first: two members would fight for one subnet file
     * @param plans  gets each plan; one that nobody took is replaced
     */
    FlannelMembership(
            FlannelConfig config,
            FlannelMember.Surroundings node,
            @Nullable FlannelMembership before,
            AtomicReference<@Nullable FlannelPlan> plans) {
        this.config = config;
        this.node = node;
        this.plans = plans;
        thread = Thread.ofPlatform().name("weir-flannel").daemon().start(() -> {
            if (before != null) {
                before.await();
            }
            run();
        });
    }

    private void run() {
        final FlannelPlan kept = FlannelMember.kept(config, node);
        if (kept != null) {
            LOG.info(
                    "flannel: beginning with {} ways to other nodes' pods, as they were",
                    kept.routes().size());
            onPlan(kept);
        }
        Duration retry = FIRST_RETRY;
        String told = "";
        while (ending.getCount() != 0) {
            try (FlannelMember member =
                    FlannelMember.join(config, node, new SplittableRandom(), this::onPlan, this::onAlarm)) {
                state = "joined with the subnet " + member.lease().key();
                LOG.info("flannel: {} {}", node.nodeName(), state);
                ending.await();
                return;
            } catch (final FlannelException | IOException e) {
                final String problem = e instanceof IOException ? e.toString() : String.valueOf(e.getMessage());
                if (ending.getCount() != 0 && !problem.equals(told)) {
                    told = problem;
                    LOG.error(
                            "flannel: the network can't be joined: {}. Pods of this node reach each other and what was"
                                    + " known before; trying again until it works",
                            problem);
                }
                state = "not joined, trying again: " + problem;
            } catch (final InterruptedException e) {
                return; // asked to end while waiting
            } catch (final RuntimeException e) {
                LOG.error("flannel: joining failed unexpectedly, trying again", e);
                state = "not joined, trying again: " + e;
            }
            try {
                if (ending.await(retry.toMillis(), TimeUnit.MILLISECONDS)) {
                    return;
                }
            } catch (final InterruptedException e) {
                return;
            }
            retry = retry.multipliedBy(2).compareTo(LAST_RETRY) > 0 ? LAST_RETRY : retry.multipliedBy(2);
        }
    }

    private void onPlan(FlannelPlan plan) {
        alarm = null;
        if (ending.getCount() != 0) {
            plans.set(plan);
        }
    }

    private void onAlarm(String message) {
        alarm = message; // the registry has logged it as an error
    }

    String state() {
        final String loud = alarm;
        return loud == null ? state : "ALARM: " + loud;
    }

    /** Asks it to end; does not wait. */
    void end() {
        ending.countDown();
        thread.interrupt();
    }

    /** Waits for the end, but not for ever: a call to a server that is away has its own limit. */
    void await() {
        try {
            if (!thread.join(END)) {
                LOG.warn("flannel: a call to the registry does not end");
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
