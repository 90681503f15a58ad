/*
 * The CNI plugin: passes a runtime's call on to the weir of this node and prints the answer. A process of a fraction of a
 * millisecond, because a pod must not wait for a Java virtual machine; everything that thinks is in weir itself.
 *
 *   in:   CNI_COMMAND, CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_ARGS, and the configuration on standard input,
 *         whose field "socket" says where weir listens
 *   to:   {"request":"cni","command":"ADD",...,"config":"..."}             one line
 *   from: {"exit":0}, the result or the error if there is one, {"end":true}  one line each
 *   out:  the result or the error; exit code 0 or 1
 *
 * VERSION is answered here. When weir can't be reached the error is 11, "try again later"; for STATUS it is 51, because
 * the containers that there are have no network then either.
 *
 * cc -O2 -static -o weir weir-cni.c
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TRY_AGAIN 11
#define INVALID_ENVIRONMENT 4
#define INVALID_CONFIG 7
#define LIMITED 51
#define INTERNAL 999
#define MAX_INPUT (2 << 20) /* escaped it is at most twice as long, unless somebody sends control characters */
#define PATIENCE_S 40

struct text {
  char *bytes;
  size_t length, room;
};

static void append(struct text *text, const char *bytes, size_t length) {
  if (text->length + length + 1 > text->room) {
    text->room = 2 * (text->length + length + 1);
    text->bytes = realloc(text->bytes, text->room);
    if (text->bytes == NULL) abort();
  }
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = 0;
}

static void add(struct text *text, const char *words) { append(text, words, strlen(words)); }

/* As the inside of a JSON string (RFC 8259, section 7). */
static void quote(struct text *text, const char *value) {
  char code[8];
  for (; *value; value++) {
    unsigned char c = (unsigned char)*value;
    if (c == '"' || c == '\\') {
      code[0] = '\\', code[1] = (char)c;
      append(text, code, 2);
    } else if (c < 0x20) {
      snprintf(code, sizeof code, "\\u%04x", c);
      append(text, code, 6);
    } else {
      append(text, value, 1);
    }
  }
}

static void field(struct text *text, const char *name, const char *value) {
  add(text, ",\"");
  add(text, name);
  add(text, "\":\"");
  quote(text, value);
  add(text, "\"");
}

/* Reads until the end; -1 with errno when that fails. */
static int read_all(int fd, struct text *text, size_t most) {
  char chunk[16384];
  for (;;) {
    ssize_t count = read(fd, chunk, sizeof chunk);
    if (count == 0) return 0;
    if (count < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    append(text, chunk, (size_t)count);
    if (text->length > most) {
      errno = EMSGSIZE;
      return -1;
    }
  }
}

static int write_all(int fd, const struct text *text) {
  for (size_t done = 0; done < text->length;) {
    ssize_t count = send(fd, text->bytes + done, text->length - done, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    done += (size_t)count;
  }
  return 0;
}

static char version[16] = "1.0.0";

static int failed(int code, const char *what, const char *why) {
  struct text message = {0};
  add(&message, "");
  quote(&message, what);
  quote(&message, why);
  printf("{\"cniVersion\":\"%s\",\"code\":%d,\"msg\":\"%s\"}\n", version, code, message.bytes);
  return 1;
}

/* The value of the first field of this name that is plain text. Nothing that runtimes add has a field "socket". */
static int find(const char *json, const char *name, char *value, size_t room) {
  char key[32];
  snprintf(key, sizeof key, "\"%s\"", name);
  for (const char *at = strstr(json, key); at; at = strstr(at + 1, key)) {
    const char *from = at + strlen(key);
    from += strspn(from, " \t\r\n");
    if (*from++ != ':') continue;
    from += strspn(from, " \t\r\n");
    if (*from++ != '"') continue;
    size_t length = strcspn(from, "\"\\");
    if (from[length] != '"' || length >= room) continue;
    memcpy(value, from, length);
    value[length] = 0;
    return 1;
  }
  return 0;
}

static const char *environment(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

/* Prints what weir answered. */
static int report(const struct text *answer, int away) {
  static const char end[] = "{\"end\":true}\n";
  static const char error[] = "{\"error\":\"";
  int exit_code, from = 0;
  if (strncmp(answer->bytes, error, sizeof error - 1) == 0) {
    printf("{\"cniVersion\":\"%s\",\"code\":%d,\"msg\":%.*s\n", version, INTERNAL,
           (int)(answer->length - sizeof error + 1), answer->bytes + sizeof error - 2);
    return 1;
  }
  if (answer->length < sizeof end - 1 ||
      strcmp(answer->bytes + answer->length - (sizeof end - 1), end) != 0 ||
      sscanf(answer->bytes, "{\"exit\":%d}\n%n", &exit_code, &from) != 1 || from == 0) {
    return failed(away, "weir ended while it answered", "");
  }
  fwrite(answer->bytes + from, 1, answer->length - (size_t)from - (sizeof end - 1), stdout);
  return exit_code;
}

int main(void) {
  const char *command = environment("CNI_COMMAND");
  int away = strcmp(command, "STATUS") == 0 ? LIMITED : TRY_AGAIN;
  struct text config = {0}, request = {0}, answer = {0};
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct timeval patience = {.tv_sec = PATIENCE_S};

  add(&config, "");
  add(&answer, "");
  if (*command == 0) return failed(INVALID_ENVIRONMENT, "CNI_COMMAND is missing", "");
  if (read_all(STDIN_FILENO, &config, MAX_INPUT) < 0)
    return failed(INVALID_CONFIG, "the configuration can't be read: ", strerror(errno));
  find(config.bytes, "cniVersion", version, sizeof version);
  if (strcmp(command, "VERSION") == 0) {
    printf("{\"cniVersion\":\"%s\",\"supportedVersions\":[\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n", version);
    return 0;
  }
  if (!find(config.bytes, "socket", address.sun_path, sizeof address.sun_path))
    return failed(INVALID_CONFIG, "the network configuration has no field socket; weir install writes it", "");

  add(&request, "{\"request\":\"cni\"");
  field(&request, "command", command);
  field(&request, "containerId", environment("CNI_CONTAINERID"));
  field(&request, "netns", environment("CNI_NETNS"));
  field(&request, "ifname", environment("CNI_IFNAME"));
  field(&request, "args", environment("CNI_ARGS"));
  field(&request, "config", config.bytes);
  add(&request, "}\n");

  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed(INTERNAL, "no socket: ", strerror(errno));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
    return failed(away, "weir does not run on this node: ", strerror(errno));
  if (write_all(fd, &request) < 0 || read_all(fd, &answer, (size_t)-1 / 4) < 0)
    return failed(away, "weir does not answer: ", strerror(errno));
  return report(&answer, away);
}
