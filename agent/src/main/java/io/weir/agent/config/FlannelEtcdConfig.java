package io.weir.agent.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Section {@code flannel.etcd}. */
public record FlannelEtcdConfig(
        @Setting("Client addresses of the servers; empty means: http://127.0.0.1:2379.")
        List<String> endpoints,

        @Setting(value = "Where flannel's keys begin.", byDefault = "/coreos.com/network")
        String prefix,

        @Setting("Certificates of who signs the servers' certificates (PEM).") @Nullable
        String caFile,

        @Setting("This node's certificate (PEM).") @Nullable String certFile,

        @Setting("Its private key (PEM, PKCS#8).") @Nullable String keyFile,

        @Setting("User of etcd's own authentication.") @Nullable
        String username,

        @Setting("File with that user's password.") @Nullable
        String passwordFile) {
    public FlannelEtcdConfig {
        endpoints = List.copyOf(endpoints);
    }
}
