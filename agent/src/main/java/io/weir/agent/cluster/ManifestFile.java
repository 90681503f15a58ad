package io.weir.agent.cluster;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.weir.agent.config.ConfigDocument;
import io.weir.agent.config.ConfigException;
import io.weir.agent.config.NearestName;
import io.weir.agent.config.Origin;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Reads one file of manifests, and makes Kubernetes objects of its documents. */
final class ManifestFile {
    private static final LoadSettings YAML =
            LoadSettings.builder().setCodePointLimit(Integer.MAX_VALUE).build();
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .annotationIntrospector(new KnownFields())
            .build();

    private ManifestFile() {}

    /**
     * All documents of a file but the empty ones.
     *
     * @param name the file as messages name it
     * @throws ConfigException when the file can't be read or is neither YAML nor JSON
     */
    static List<ConfigDocument> documents(Path file, String name) {
        try {
            return file.toString().toLowerCase(Locale.ROOT).endsWith(".json") ? json(file, name) : yaml(file, name);
        } catch (final IOException e) {
            throw new ConfigException(
                    Origin.of(name),
                    "",
                    null,
                    "can't be read (" + e + "); check its permissions and its encoding, UTF-8");
        }
    }

    private static List<ConfigDocument> yaml(Path file, String name) throws IOException {
        final List<ConfigDocument> documents = new ArrayList<>();
        int number = 1;
        try (Reader reader = Files.newBufferedReader(file)) {
            for (final Object document : new Load(YAML).loadAllFromReader(reader)) {
                add(documents, document, new Origin(name, number));
                number++;
            }
        } catch (final MarkedYamlEngineException e) {
            final String place = e.getProblemMark()
                    .map(mark -> " at line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1))
                    .orElse("");
            throw new ConfigException(new Origin(name, number), "", null, "is no YAML" + place + ": " + e.getProblem());
        } catch (final YamlEngineException e) {
            throw new ConfigException(new Origin(name, number), "", null, "is no YAML: " + e.getMessage());
        }
        return documents;
    }

    private static List<ConfigDocument> json(Path file, String name) throws IOException {
        final List<ConfigDocument> documents = new ArrayList<>();
        int number = 1;
        try (MappingIterator<Object> iterator = MAPPER.readerFor(Object.class).readValues(file.toFile())) {
            while (iterator.hasNextValue()) {
                add(documents, iterator.nextValue(), new Origin(name, number));
                number++;
            }
        } catch (final JsonProcessingException e) {
            throw new ConfigException(
                    new Origin(name, number),
                    "",
                    null,
                    "is no JSON at line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr() + ": " + e.getOriginalMessage());
        } catch (final NoSuchElementException e) {
            throw new ConfigException(new Origin(name, number), "", null, "is no JSON: " + e.getMessage());
        }
        return documents;
    }

    private static void add(List<ConfigDocument> documents, @Nullable Object document, Origin origin) {
        if (document == null) {
            return;
        }
        if (!(document instanceof final Map<?, ?> map)) {
            throw new ConfigException(origin, "", document, "is no object; a manifest begins with apiVersion and kind");
        }
        documents.add(new ConfigDocument(textKeys(map, origin), origin));
    }

    /** The map with its keys as text; a key that is a list or a map is refused. */
    static Map<String, Object> textKeys(Map<?, ?> map, Origin origin) {
        final Map<String, Object> copy = new LinkedHashMap<>();
        for (final Map.Entry<?, ?> entry : map.entrySet()) {
            if (entry.getKey() == null || entry.getKey() instanceof Map || entry.getKey() instanceof List) {
                throw new ConfigException(origin, "", entry.getKey(), "is no field name; write text before the colon");
            }
            copy.put(entry.getKey().toString(), entry.getValue());
        }
        return copy;
    }

    /**
     * The document as an object of its kind, with the default namespace filled in.
     *
     * @throws ConfigException when a field is unknown or has a wrong type, or the name is missing
     */
    static HasMetadata object(ConfigDocument document, ManifestKind kind) {
        final HasMetadata object;
        try {
            object = MAPPER.convertValue(document.tree(), kind.type());
        } catch (final IllegalArgumentException e) {
            if (e.getCause() instanceof final JsonMappingException wrong) {
                throw wrongField(document, wrong);
            }
            throw new ConfigException(document.origin(), "", null, String.valueOf(e.getMessage()));
        }
        if (object.getMetadata() == null
                || object.getMetadata().getName() == null
                || object.getMetadata().getName().isEmpty()) {
            throw new ConfigException(
                    document.origin(), "metadata.name", null, "is missing; every " + kind.kind() + " has a name");
        }
        final String namespace = object.getMetadata().getNamespace();
        if (!kind.isNamespaced()) {
            object.getMetadata().setNamespace(null);
        } else if (namespace == null || namespace.isEmpty()) {
            object.getMetadata().setNamespace("default");
        }
        ManifestCheck.check(object, document.origin());
        ManifestCheck.checkWritten(object, document.origin());
        return object;
    }

    /**
     * A mistyped {@code podSelector} would select all pods, so that what a kind does not have is refused, as {@code kubectl} does
     * before it sends a manifest. Objects of an API server may be of a newer version, and are not read here.
     */
    private static final class KnownFields extends JacksonAnnotationIntrospector {
        @java.io.Serial
        private static final long serialVersionUID = 1;

        @Override
        public Boolean hasAnySetter(Annotated annotated) {
            final Class<?> owner =
                    annotated instanceof final AnnotatedMember member ? member.getDeclaringClass() : null;
            return owner != null
                    && (owner == GenericKubernetesResource.class || owner == FieldsV1.class)
                    && Boolean.TRUE.equals(super.hasAnySetter(annotated));
        }
    }

    private static ConfigException wrongField(ConfigDocument document, JsonMappingException wrong) {
        final StringBuilder path = new StringBuilder();
        Object value = document.tree();
        for (final JsonMappingException.Reference step : wrong.getPath()) {
            if (step.getFieldName() != null) {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
                value = value instanceof final Map<?, ?> map ? map.get(step.getFieldName()) : null;
            } else {
                path.append('[').append(step.getIndex()).append(']');
                value = value instanceof final List<?> list && step.getIndex() >= 0 && step.getIndex() < list.size()
                        ? list.get(step.getIndex())
                        : null;
            }
        }
        final Object shown = wrong instanceof UnrecognizedPropertyException ? null : value;
        return new ConfigException(document.origin(), path.toString(), shown, expectation(wrong));
    }

    private static String expectation(JsonMappingException wrong) {
        if (wrong instanceof final UnrecognizedPropertyException unknown) {
            return "is unknown; "
                    + NearestName.hint(
                            unknown.getPropertyName(),
                            unknown.getKnownPropertyIds().stream()
                                    .map(Object::toString)
                                    .sorted()
                                    .toList());
        }
        final Class<?> type =
                wrong instanceof final MismatchedInputException mismatch ? mismatch.getTargetType() : null;
        if (type == null) {
            return wrong.getOriginalMessage();
        }
        if (type == Integer.class || type == Long.class || type == int.class || type == long.class) {
            return "write a whole number";
        }
        if (type == Boolean.class || type == boolean.class) {
            return "write true or false";
        }
        if (type == String.class) {
            return "write text";
        }
        if (List.class.isAssignableFrom(type)) {
            return "write a list (lines that begin with -)";
        }
        return wrong instanceof InvalidFormatException ? wrong.getOriginalMessage() : "write an object with fields";
    }
}
