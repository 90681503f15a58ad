package io.weir.agent.api;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/**
 * By which of Netty's transports a Unix socket is served.
 *
 * @param handler one for each event loop
 * @param server  the kind of channel that listens
 * @param epoll   Linux' own; the JDK's otherwise
 */
record ApiTransport(IoHandlerFactory handler, Class<? extends ServerChannel> server, boolean epoll) {
    /** Epoll, or what the JDK has where there is no native library for this processor. */
    static ApiTransport best() {
        return Epoll.isAvailable()
                ? new ApiTransport(EpollIoHandler.newFactory(), EpollServerDomainSocketChannel.class, true)
                : new ApiTransport(NioIoHandler.newFactory(), NioServerDomainSocketChannel.class, false);
    }

    SocketAddress address(Path path) {
        return epoll ? new DomainSocketAddress(path.toFile()) : UnixDomainSocketAddress.of(path);
    }
}
