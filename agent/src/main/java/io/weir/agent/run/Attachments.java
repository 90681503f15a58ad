package io.weir.agent.run;

import io.weir.agent.cni.PodAttacher;
import io.weir.agent.node.Attachment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The pods that the container runtime attached. Any thread asks for a change and gets a promise; the control thread takes
 * all that was asked for since its last turn, applies it in one go, and keeps the promises: a thousand pods that come at
 * once cost one change of the tables, not a thousand.
 */
public final class Attachments implements PodAttacher {
    private final Map<String, Attachment> wanted = new LinkedHashMap<>();
    private List<Asked> asked = new ArrayList<>();
    private boolean isClosed;

    /** Something that an attachment could not be made for; the message is a sentence for people. */
    public static final class AttachException extends Exception {
        private static final long serialVersionUID = 1;

        AttachException(String message) {
            super(message);
        }
    }

    /** @param attachment what is to come; null for something that goes */
    private record Asked(@Nullable Attachment attachment, CompletableFuture<Void> done) {}

    /** What was asked for since the last time, and all that is wanted now. */
    static final class Batch {
        private final Attachments owner;
        private final List<Asked> asked;
        private final List<Attachment> all;

        private Batch(Attachments owner, List<Asked> asked, List<Attachment> all) {
            this.owner = owner;
            this.asked = asked;
            this.all = all;
        }

        List<Attachment> all() {
            return all;
        }

        /** It is in force, except for the pods named here. */
        void applied(Map<String, String> failedPods) {
            for (final Asked each : asked) {
                final String reason = each.attachment == null ? null : failedPods.get(each.attachment.pod());
                if (each.attachment == null || reason == null) {
                    each.done.complete(null);
                } else {
                    owner.forget(each.attachment);
                    each.done.completeExceptionally(new AttachException(reason));
                }
            }
        }

        /** Nothing of it is in force. What was to come is forgotten, what was to go stays gone at the next change. */
        void refused(String reason) {
            for (final Asked each : asked) {
                if (each.attachment != null) {
                    owner.forget(each.attachment);
                }
                each.done.completeExceptionally(new AttachException(reason));
            }
        }
    }

    /** Takes over what was attached before weir started; it comes with the first configuration. */
    public synchronized void restore(Collection<Attachment> attachments) {
        attachments.forEach(each -> wanted.put(each.id(), each));
    }

    /**
     * Attaches a pod, or attaches it anew.
     *
     * @return done when the pod's packets are forwarded and judged; fails with an {@link AttachException}, and then the pod is not attached
     */
    @Override
    public synchronized CompletableFuture<Void> attach(Attachment attachment) {
        if (!isClosed) {
            wanted.put(attachment.id(), attachment);
        }
        return ask(attachment);
    }

    /**
     * Detaches a pod; one that is not attached is detached already.
     *
     * @return done when its packets are no longer forwarded
     */
    @Override
    public synchronized CompletableFuture<Void> detach(String id) {
        if (wanted.remove(id) == null && asked.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        return ask(null);
    }

    private CompletableFuture<Void> ask(@Nullable Attachment attachment) {
        final CompletableFuture<Void> done = new CompletableFuture<>();
        if (isClosed) {
            done.completeExceptionally(new AttachException("weir is ending"));
        } else {
            asked.add(new Asked(attachment, done));
        }
        return done;
    }

    /** All that is wanted now. */
    public synchronized List<Attachment> all() {
        return List.copyOf(wanted.values());
    }

    private synchronized void forget(Attachment attachment) {
        wanted.remove(attachment.id(), attachment);
    }

    /** Control thread: what was asked for since the last time; null when nothing was. */
    synchronized @Nullable Batch take() {
        return asked.isEmpty() ? null : everything();
    }

    /** Control thread: the same, also when nothing was asked for. */
    synchronized Batch everything() {
        final List<Asked> taken = asked;
        asked = new ArrayList<>();
        return new Batch(this, taken, List.copyOf(wanted.values()));
    }

    /** Nobody applies anything any more; who asks from now on is told so. */
    void close() {
        final Batch last;
        synchronized (this) {
            isClosed = true;
            last = everything();
        }
        for (final Asked each : last.asked) {
            each.done.completeExceptionally(new AttachException("weir is ending"));
        }
    }
}
