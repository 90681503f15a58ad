package io.weir.dataplane.port;

import io.weir.dataplane.pipeline.DataplaneDrop;
import java.util.EnumMap;
import java.util.Map;

/** What ports lost, in frames by reason. */
final class CountedDrops implements PortDrops {
    final Map<DataplaneDrop, Long> received = new EnumMap<>(DataplaneDrop.class);
    final Map<DataplaneDrop, Long> unsent = new EnumMap<>(DataplaneDrop.class);

    @Override
    public void received(DataplaneDrop reason, long frames, long bytes) {
        received.merge(reason, frames, Long::sum);
    }

    @Override
    public void unsent(DataplaneDrop reason, int length) {
        unsent.merge(reason, 1L, Long::sum);
    }
}
