// What a C program reaches with the client library of NATS: the peers of the sink and the follower. Prints one JSON object.
//
//   StreamPeer single SERVERS STREAM REPLICAS LINES COUNT     a record a message, each acknowledged before the next
//   StreamPeer pipeline SERVERS STREAM REPLICAS LINES COUNT   a record a message, 1,000 in flight
//   StreamPeer pack SERVERS STREAM REPLICAS LINES COUNT       packs, compresses and sends batches of 1 MiB as the sink does
//   StreamPeer packed SERVERS STREAM REPLICAS BODIES          the bodies of a file, each acknowledged before the next
//   StreamPeer read SERVERS STREAM                            all messages, in order
//   StreamPeer save SERVERS STREAM BODIES                     writes the bodies of all messages into a file
//
// SERVERS are addresses with commas. A file of bodies has a size of 32 bits before each.
#include <inttypes.h>
#include <lz4.h>
#include <nats/nats.h>
#include <nmmintrin.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int in_flight_max = 1000;

static void fail(const char *what, natsStatus status) {
    fprintf(stderr, "StreamPeer: %s: %s\n", what, natsStatus_GetText(status));
    exit(1);
}

static void check(const char *what, natsStatus status) {
    if (status != NATS_OK) fail(what, status);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void report(double started, uint64_t messages, uint64_t bytes) {
    const double seconds = now() - started;
    printf("{\"messages\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"seconds\": %f, \"messages_per_second\": %f}\n", messages,
           bytes, seconds, (double)messages / seconds);
}

static natsConnection *connect_to(char *servers, jsCtx **context) {
    const char *list[16];
    int count = 0;
    for (char *server = strtok(servers, ","); server && count < 16; server = strtok(NULL, ",")) list[count++] = server;
    natsOptions *options = NULL;
    check("options", natsOptions_Create(&options));
    check("servers", natsOptions_SetServers(options, list, count));
    natsConnection *connection = NULL;
    check("connect", natsConnection_Connect(&connection, options));
    natsOptions_Destroy(options);
    jsOptions settings;
    jsOptions_Init(&settings);
    settings.PublishAsync.MaxPending = in_flight_max;
    settings.PublishAsync.StallWait = 60000;
    check("JetStream", natsConnection_JetStream(context, connection, &settings));
    return connection;
}

static void create(jsCtx *context, const char *stream, int replicas, char subject[256]) {
    snprintf(subject, 256, "peer.%s", stream);
    const char *subjects[] = {subject};
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    config.Name = stream;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Replicas = replicas;
    check("create", js_AddStream(NULL, context, &config, NULL, NULL));
    // Without a leader, nobody answers a message.
    for (int has_leader = replicas == 1; !has_leader; nats_Sleep(10)) {
        jsStreamInfo *info = NULL;
        if (js_GetStreamInfo(&info, context, stream, NULL, NULL) != NATS_OK) continue;
        has_leader = info->Cluster && info->Cluster->Leader && info->Cluster->Leader[0];
        jsStreamInfo_Destroy(info);
    }
}

static FILE *open_file(const char *path, const char *mode) {
    FILE *file = fopen(path, mode);
    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

// The next line, from the start again at the end of the file.
static ssize_t next_line(FILE *file, char **line, size_t *room) {
    ssize_t size = getline(line, room, file);
    if (size < 0) {
        rewind(file);
        size = getline(line, room, file);
    }
    return size - 1;
}

static void publish_lines(jsCtx *context, const char *subject, const char *path, uint64_t count, bool pipelined) {
    FILE *file = open_file(path, "r");
    char *line = NULL;
    size_t room = 0;
    uint64_t bytes = 0;
    const double started = now();
    for (uint64_t index = 0; index < count; index++) {
        const ssize_t size = next_line(file, &line, &room);
        if (size < 0) fail(path, NATS_NOT_FOUND);
        bytes += (uint64_t)size;
        if (pipelined) {
            check("publish", js_PublishAsync(context, subject, line, (int)size, NULL));
        } else {
            check("publish", js_Publish(NULL, context, subject, line, (int)size, NULL, NULL));
        }
    }
    if (pipelined) {
        jsPubOptions options;
        jsPubOptions_Init(&options);
        options.MaxWait = 60000;
        check("acknowledgements", js_PublishAsyncComplete(context, &options));
    }
    report(started, count, bytes);
    free(line);
    fclose(file);
}

static void publish_after(jsCtx *context, const char *subject, const char *body, size_t size, uint64_t last) {
    natsMsg *message = NULL;
    check("message", natsMsg_Create(&message, subject, NULL, body, (int)size));
    char expected[32];
    snprintf(expected, sizeof expected, "%" PRIu64, last);
    check("header", natsMsgHeader_Set(message, "Nats-Expected-Last-Sequence", expected));
    check("publish", js_PublishMsg(NULL, context, message, NULL, NULL));
    natsMsg_Destroy(message);
}

static size_t put_varint(unsigned char *to, uint64_t value) {
    size_t size = 0;
    for (; value >= 0x80; value >>= 7) to[size++] = (unsigned char)(value | 0x80);
    to[size++] = (unsigned char)value;
    return size;
}

__attribute__((target("sse4.2"))) static uint32_t crc32c(const char *bytes, size_t size) {
    uint64_t crc = 0xffffffff;
    for (; size >= 8; bytes += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        crc = _mm_crc32_u64(crc, word);
    }
    for (; size > 0; size--) crc = _mm_crc32_u8((uint32_t)crc, (unsigned char)*bytes++);
    return ~(uint32_t)crc;
}

// What the sink does after it has the records: index and payloads together, one LZ4 block, a checksum, one message.
static void publish_packed_lines(jsCtx *context, const char *subject, const char *path, uint64_t count) {
    enum { batch_size = 1 << 20, batch_count = 5000 };
    static char payloads[batch_size + (1 << 16)], content[2 * batch_size], body[2 * batch_size];
    FILE *file = open_file(path, "r");
    char *line = NULL;
    size_t room = 0;
    uint64_t sent = 0, messages = 0, bytes = 0;
    const double started = now();
    while (sent < count) {
        size_t index_size = 0, size = 0;
        uint32_t records = 0;
        while (records < batch_count && size < batch_size && sent + records < count) {
            const ssize_t length = next_line(file, &line, &room);
            if (length < 0 || length > 1 << 16) fail(path, NATS_NOT_FOUND);
            unsigned char *index = (unsigned char *)content + index_size;
            index += put_varint(index, records == 0 ? sent + 1 : 1);
            index += put_varint(index, 2);
            index += put_varint(index, (uint64_t)length);
            index_size = (size_t)((char *)index - content);
            memcpy(payloads + size, line, (size_t)length);
            size += (size_t)length;
            records++;
        }
        memcpy(content + index_size, payloads, size);
        size += index_size;
        const int stored = LZ4_compress_default(content, body + 12, (int)size, sizeof body - 16);
        const uint32_t content_size = (uint32_t)size;
        memcpy(body, "\1\1\0\0", 4);
        memcpy(body + 4, &content_size, 4);
        memcpy(body + 8, &records, 4);
        const uint32_t crc = crc32c(body, (size_t)stored + 12);
        memcpy(body + 12 + stored, &crc, 4);
        publish_after(context, subject, body, (size_t)stored + 16, messages++);
        sent += records;
        bytes += (size_t)stored + 16;
    }
    report(started, count, bytes);
    free(line);
    fclose(file);
}

static void publish_bodies(jsCtx *context, const char *subject, const char *path) {
    FILE *file = open_file(path, "rb");
    static char body[1 << 20];
    uint32_t size;
    uint64_t count = 0, bytes = 0;
    const double started = now();
    while (fread(&size, sizeof size, 1, file) == 1) {
        if (size > sizeof body || fread(body, 1, size, file) != size) fail(path, NATS_ERR);
        publish_after(context, subject, body, size, count++);
        bytes += size;
    }
    report(started, count, bytes);
    fclose(file);
}

static void read_all(jsCtx *context, const char *stream, FILE *bodies) {
    jsStreamInfo *info = NULL;
    check("stream", js_GetStreamInfo(&info, context, stream, NULL, NULL));
    const uint64_t count = info->State.Msgs;
    char subject[256];
    snprintf(subject, sizeof subject, "%s", info->Config->Subjects[0]);
    jsStreamInfo_Destroy(info);
    jsSubOptions options;
    jsSubOptions_Init(&options);
    options.Stream = stream;
    options.Ordered = true;
    natsSubscription *subscription = NULL;
    uint64_t bytes = 0;
    const double started = now();
    check("subscribe", js_SubscribeSync(&subscription, context, subject, NULL, &options, NULL));
    for (uint64_t index = 0; index < count; index++) {
        natsMsg *message = NULL;
        check("next", natsSubscription_NextMsg(&message, subscription, 30000));
        const uint32_t size = (uint32_t)natsMsg_GetDataLength(message);
        bytes += size;
        if (bodies && size > 0) {
            fwrite(&size, sizeof size, 1, bodies);
            fwrite(natsMsg_GetData(message), 1, size, bodies);
        }
        natsMsg_Destroy(message);
    }
    report(started, count, bytes);
    natsSubscription_Destroy(subscription);
}

int main(int count, char **arguments) {
    if (count < 4) {
        fprintf(stderr, "Usage: see the source\n");
        return 64;
    }
    const char *verb = arguments[1], *stream = arguments[3];
    char subject[256];
    jsCtx *context = NULL;
    natsConnection *connection = connect_to(arguments[2], &context);
    if (strcmp(verb, "read") == 0) {
        read_all(context, stream, NULL);
    } else if (strcmp(verb, "save") == 0 && count > 4) {
        FILE *bodies = open_file(arguments[4], "wb");
        read_all(context, stream, bodies);
        fclose(bodies);
    } else if (count > 5) {
        create(context, stream, atoi(arguments[4]), subject);
        if (strcmp(verb, "packed") == 0) {
            publish_bodies(context, subject, arguments[5]);
        } else if (strcmp(verb, "pack") == 0 && count > 6) {
            publish_packed_lines(context, subject, arguments[5], strtoull(arguments[6], NULL, 10));
        } else if (count > 6) {
            publish_lines(context, subject, arguments[5], strtoull(arguments[6], NULL, 10), strcmp(verb, "pipeline") == 0);
        }
    }
    jsCtx_Destroy(context);
    natsConnection_Destroy(connection);
    return 0;
}
