package io.weir.agent.http;

import org.jspecify.annotations.Nullable;

/** Who knows the answers. Asked by the server's thread; must not wait. */
@FunctionalInterface
public interface HttpAnswers {
    /** Null: the connection is closed without an answer. */
    @Nullable
    HttpAnswer to(HttpQuestion question);
}
