package io.weir.agent.service;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.weir.agent.http.HttpConversation;
import io.weir.dataplane.linux.NetworkNamespace;
import io.weir.dataplane.wire.IpAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers cloud load balancers at the health-check node ports of Services with external policy Local: 200 where the Service
 * has a ready endpoint on this node, else 503, with kube-proxy's headers and body. There is one listener for each such port
 * and each address that serves node ports, and neither thread nor socket without such a Service.
 *
 * <p>Called by the control thread; answers are given by a thread of its own.
 */
public final class HealthCheckServer implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(HealthCheckServer.class);

    /** A load balancer asks every few seconds; nobody needs to keep a connection open for longer. */
    private static final int IDLE_SECONDS = 15;

    /** At all ports together; a load balancer has a handful of checkers. */
    private static final int MAX_CONNECTIONS = 512;

    private static final long RETRY_NS = 1_000_000_000L;

    private final NetworkNamespace namespace;
    private final BooleanSupplier isHealthy;
    private final Map<InetSocketAddress, HealthCheckNodePort> checks = new ConcurrentHashMap<>();
    private final Map<InetSocketAddress, Channel> listeners = new HashMap<>();
    private final Set<InetSocketAddress> refused = new HashSet<>();
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private @Nullable EventLoopGroup events;
    private Set<InetSocketAddress> wanted = Set.of();
    private long triedNs;

    /**
     * @param namespace the node's own, where the listeners are; stays the caller's
     * @param isHealthy whether this node's forwarding works; asked by another thread for each answer
     */
    public HealthCheckServer(NetworkNamespace namespace, BooleanSupplier isHealthy) {
        this.namespace = namespace;
        this.isHealthy = isHealthy;
    }

    /**
     * Answers for these from now on, and for no others. An address that can't be listened at (yet) is tried again by
     * {@link #poll}.
     *
     * @param addresses that serve node ports
     */
    public void serve(Collection<HealthCheckNodePort> services, Collection<IpAddress> addresses) {
        final Map<InetSocketAddress, HealthCheckNodePort> places = new HashMap<>();
        for (final HealthCheckNodePort each : services) {
            for (final IpAddress address : addresses) {
                if (address.isIpv6() == each.ipv6()) {
                    places.putIfAbsent(new InetSocketAddress(address.toInetAddress(), each.port()), each);
                }
            }
        }
        checks.putAll(places);
        checks.keySet().retainAll(places.keySet());
        wanted = Set.copyOf(places.keySet());
        listeners.entrySet().removeIf(listener -> {
            final boolean isOver = !places.containsKey(listener.getKey());
            if (isOver) {
                listener.getValue().close().syncUninterruptibly();
            }
            return isOver;
        });
        refused.retainAll(wanted);
        listen();
    }

    /** Tries again where it could not listen. */
    public void poll(long nowNs) {
        if (listeners.size() < wanted.size() && nowNs - triedNs >= RETRY_NS) {
            triedNs = nowNs;
            listen();
        }
    }

    /** Where it listens now. */
    public Set<InetSocketAddress> listening() {
        return Set.copyOf(listeners.keySet());
    }

    private void listen() {
        for (final InetSocketAddress place : wanted) {
            if (!listeners.containsKey(place)) {
                listen(place);
            }
        }
    }

    private void listen(InetSocketAddress place) {
        final ServerBootstrap bootstrap = new ServerBootstrap()
                .group(events())
                .channelFactory(() -> new NioServerSocketChannel(socket(place)))
                .option(ChannelOption.SO_REUSEADDR, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        accept(channel);
                    }
                });
        final ChannelFuture bound = bootstrap.bind(place).awaitUninterruptibly();
        if (bound.isSuccess()) {
            listeners.put(place, bound.channel());
            refused.remove(place);
        } else if (refused.add(place)) {
            LOGGER.warn("no health checks at {} yet: {}", place, String.valueOf(bound.cause()));
        }
    }

    /** A socket belongs to the namespace that it was made in, whoever uses it. */
    private ServerSocketChannel socket(InetSocketAddress place) {
        final boolean ipv4 = place.getAddress() instanceof java.net.Inet4Address;
        return namespace.call(() -> {
            try {
                return ServerSocketChannel.open(ipv4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private void accept(SocketChannel channel) {
        if (connections.size() >= MAX_CONNECTIONS) {
            final ChannelFuture _ = channel.close();
            return;
        }
        connections.add(channel);
        HttpConversation.begin(channel.pipeline(), IDLE_SECONDS, new HealthCheckAnswers(checks, isHealthy));
    }

    private EventLoopGroup events() {
        EventLoopGroup group = events;
        if (group == null) {
            group = new MultiThreadIoEventLoopGroup(
                    1, new DefaultThreadFactory("health-checks", true), NioIoHandler.newFactory());
            events = group;
        }
        return group;
    }

    @Override
    public void close() {
        serve(List.of(), List.of());
        connections.close().awaitUninterruptibly();
        final EventLoopGroup group = events;
        if (group != null) {
            events = null;
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }
}
