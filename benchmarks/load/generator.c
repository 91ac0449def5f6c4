/* Both outer sides of a server under load, in one thread: N phones on Twilio media streams, and the Realtime API.

   A phone sends a frame of 20 ms every 20 ms, plays what it gets in real time, echoes marks when they have played and
   all of them at `clear`. The model speaks 4 s every 6 s, in deltas of 300 ms at four times real time, with a delta of
   text beside each; in three turns of ten the caller cuts in after half of it. Every 20 ms of audio carries the number
   of its call and its own, so that lost, swapped and misled frames are counted and each one's way is timed.

   usage: generator SERVER_PORT MODEL_PORT SECONDS SIGNATURE < calls      (a line for each call: CallSid TAB token)
   Prints "window" and "end" around the measured time, then one JSON object. Loopback only. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME = 160, DELTA = 2400, ANSWER = 32000, RING = 2048, MAX_MARKS = 64 };
static const double TURN_MS = 6000, DELTA_MS = 75, SETTLE_MS = 3000, LINGER_MS = 3500, RAMP_MS = 15;

typedef struct { uint8_t *data; size_t size, room; } Bytes;
typedef struct Call Call;
typedef struct { int fd; bool phone, open; Call *call; Bytes in, out; } Socket;
typedef struct { char name[64]; double due; } Mark;
struct Call {
    int number; char sid[64], token[256];
    Socket *phone, *model;
    double next_frame, next_turn, next_delta, cut_at, cut_sent, plays_until;
    uint32_t up_sent, up_got, down_sent, down_got;
    double up_time[RING], down_time[RING];
    Mark marks[MAX_MARKS]; int mark_count;
    int turn; int spoken; bool speaking, cuts, started, ended;
};
typedef struct { float *values; size_t count, room; } Times;

static int epoll, listener, server_port;
static const char *signature;
static Call *calls; static int call_count;
static bool measuring; static double now;
static Times up_times, down_times, cut_times, late_times;
static long lost, swapped, wrong, cuts, truncated, malformed, models_open, dropped_calls;

static double clock_ms(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e3 + t.tv_nsec / 1e6; }

static void note(Times *times, double value) {
    if (!measuring) return;
    if (times->count == times->room) times->values = realloc(times->values, sizeof(float) * (times->room = times->room * 2 + 1024));
    times->values[times->count++] = value;
}

static void add(Bytes *to, const void *data, size_t size) {
    if (to->size + size > to->room) to->data = realloc(to->data, to->room = (to->size + size) * 2);
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

/* -- base64, and SHA-1 for the handshake */

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static int8_t values[256];

static size_t encode64(const uint8_t *from, size_t size, char *to) {
    char *start = to;
    for (size_t i = 0; i < size; i += 3) {
        uint32_t three = from[i] << 16 | (i + 1 < size ? from[i + 1] << 8 : 0) | (i + 2 < size ? from[i + 2] : 0);
        *to++ = DIGITS[three >> 18 & 63];
        *to++ = DIGITS[three >> 12 & 63];
        *to++ = i + 1 < size ? DIGITS[three >> 6 & 63] : '=';
        *to++ = i + 2 < size ? DIGITS[three & 63] : '=';
    }
    *to = 0;
    return to - start;
}

static size_t decode64(const char *from, size_t size, uint8_t *to) {
    size_t count = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < size && from[i] != '='; i++) {
        bits = bits << 6 | (uint8_t)values[(uint8_t)from[i]];
        if (i % 4) to[count++] = bits >> (6 - 2 * (i % 4));
    }
    return count;
}

static uint32_t roll(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1(const char *text, uint8_t out[20]) { /* of at most 119 bytes */
    uint8_t block[128] = {0};
    size_t size = strlen(text), total = size < 56 ? 64 : 128;
    memcpy(block, text, size);
    block[size] = 0x80;
    block[total - 2] = size * 8 >> 8, block[total - 1] = size * 8;
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    for (size_t at = 0; at < total; at += 64) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 16; i++) w[i] = ntohl(*(uint32_t *)(block + at + 4 * i));
        for (int i = 16; i < 80; i++) w[i] = roll(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 || i > 59 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
            uint32_t k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
            uint32_t t = roll(a, 5) + f + e + k + w[i];
            e = d, d = c, c = roll(b, 30), b = a, a = t;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++) out[i] = h[i / 4] >> (24 - 8 * (i % 4));
}

/* -- sockets */

static Socket *watch(int fd, bool phone, Call *call) {
    Socket *s = calloc(1, sizeof *s);
    s->fd = fd, s->phone = phone, s->call = call;
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    return s;
}

static void shut(Socket *s) {
    if (s->fd < 0) return;
    close(s->fd);
    s->fd = -1;
    if (!s->phone) models_open--;
    else if (!s->call->ended) s->call->ended = true, dropped_calls++;
}

static void flush(Socket *s) {
    while (s->fd >= 0 && s->out.size) {
        ssize_t sent = send(s->fd, s->out.data, s->out.size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) { shut(s); return; }
        struct epoll_event event = {.events = EPOLLIN | (sent < 0 ? EPOLLOUT : 0), .data.ptr = s};
        epoll_ctl(epoll, EPOLL_CTL_MOD, s->fd, &event);
        if (sent < 0) return;
        memmove(s->out.data, s->out.data + sent, s->out.size -= sent);
    }
}

static void frame(Socket *s, int opcode, const void *payload, size_t size) {
    uint8_t head[14] = {0x80 | opcode}, *at = head + 2, mask = s->phone ? 0x80 : 0;
    if (size < 126) head[1] = mask | size;
    else if (size < 65536) head[1] = mask | 126, *at++ = size >> 8, *at++ = size;
    else { head[1] = mask | 127; for (int i = 0; i < 8; i++) *at++ = (uint64_t)size >> (56 - 8 * i); }
    if (mask) memset(at, 0, 4), at += 4; /* a mask of zeros: to send it costs us nothing, to take it off costs as ever */
    add(&s->out, head, at - head);
    add(&s->out, payload, size);
    flush(s);
}

__attribute__((format(printf, 2, 3))) static void say(Socket *s, const char *format, ...) {
    static char text[65536];
    if (!s || s->fd < 0) return;
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    frame(s, 1, text, size);
}

/* -- the phone */

static void label(uint8_t *block, Call *c, uint32_t number) {
    memset(block, 0xFF, FRAME);
    block[0] = 0xA5, block[1] = c->number >> 8, block[2] = c->number;
    for (int i = 0; i < 4; i++) block[3 + i] = number >> (24 - 8 * i);
}

/* Walks labelled audio; calls back with the number of each block that is the next of its call, or a later one. */
static void walk(Call *c, const char *text, size_t size, uint32_t *got, double *sent_at, Times *times, bool each) {
    static uint8_t audio[65536 * 4];
    size_t count = decode64(text, size, audio);
    if (count % FRAME) wrong++;
    for (size_t at = 0; at + FRAME <= count; at += FRAME) {
        uint8_t *b = audio + at;
        uint32_t number = (uint32_t)b[3] << 24 | b[4] << 16 | b[5] << 8 | b[6];
        if (b[0] != 0xA5 || (b[1] << 8 | b[2]) != c->number) { if (b[0] != 0xFF) wrong++; continue; }
        if (number < *got) { swapped++; continue; }
        if (number > *got) lost += number - *got;
        *got = number + 1;
        if (each || number * FRAME % DELTA == 0) note(times, now - sent_at[number % RING]);
    }
}

static void echo(Call *c, const char *name) {
    say(c->phone, "{\"event\":\"mark\",\"sequenceNumber\":\"9\",\"streamSid\":\"MZ%s\",\"mark\":{\"name\":\"%s\"}}", c->sid + 2, name);
}

static void echo_due(Call *c, double until) {
    int done = 0;
    while (done < c->mark_count && c->marks[done].due <= until) echo(c, c->marks[done++].name);
    memmove(c->marks, c->marks + done, sizeof(Mark) * (c->mark_count -= done));
}

static void send_frame(Call *c) {
    uint8_t block[FRAME];
    char text[256];
    label(block, c, c->up_sent);
    encode64(block, FRAME, text);
    note(&late_times, now - c->next_frame);
    c->up_time[c->up_sent % RING] = clock_ms();
    say(c->phone, "{\"event\":\"media\",\"sequenceNumber\":\"%u\",\"media\":{\"track\":\"inbound\",\"chunk\":\"%u\",\"timestamp\":\"%u\",\"payload\":\"%s\"},\"streamSid\":\"MZ%s\"}",
        c->up_sent + 2, c->up_sent + 1, c->up_sent * 20, text, c->sid + 2);
    c->up_sent++;
    c->next_frame += 20;
}

/* The string value behind `key`, up to its closing quote. */
static const char *find(const char *text, const char *key, size_t *size) {
    const char *at = strstr(text, key);
    if (!at || !(at = strchr(at + strlen(key), '"'))) return NULL;
    const char *end = strchr(++at, '"');
    *size = end ? (size_t)(end - at) : 0;
    return end ? at : NULL;
}

static void phone_hears(Call *c, char *text) {
    size_t size;
    const char *event = find(text, "\"event\":", &size), *value;
    if (event && !strncmp(event, "media", 5) && (value = find(text, "\"payload\":", &size))) {
        walk(c, value, size, &c->down_got, c->down_time, &down_times, false);
        c->plays_until = (c->plays_until > now ? c->plays_until : now) + size * 3 / 4 / 8.0;
    } else if (event && !strncmp(event, "mark", 4) && (value = find(text, "\"name\":", &size)) && size < 64 && c->mark_count < MAX_MARKS) {
        Mark *mark = &c->marks[c->mark_count++];
        memcpy(mark->name, value, size), mark->name[size] = 0;
        mark->due = c->plays_until > now ? c->plays_until : now;
    } else if (event && !strncmp(event, "clear", 5)) {
        if (c->cut_sent) note(&cut_times, now - c->cut_sent), c->cut_sent = 0;
        c->plays_until = 0;
        echo_due(c, 1e300);
    } else malformed++;
}

static void ring(Call *c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) { perror("connect"); exit(1); }
    c->phone = watch(fd, true, c);
    char request[1024];
    int size = snprintf(request, sizeof request,
        "GET /media-stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-Twilio-Signature: %s\r\n\r\n", signature);
    add(&c->phone->out, request, size);
    flush(c->phone);
}

static void begin(Call *c) {
    c->phone->open = c->started = true;
    say(c->phone, "{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}");
    say(c->phone, "{\"event\":\"start\",\"sequenceNumber\":\"1\",\"start\":{\"accountSid\":\"AC%032d\",\"streamSid\":\"MZ%s\",\"callSid\":\"%s\",\"tracks\":[\"inbound\"],"
        "\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\",\"sampleRate\":8000,\"channels\":1},\"customParameters\":{\"token\":\"%s\",\"number\":\"%d\"}},\"streamSid\":\"MZ%s\"}",
        0, c->sid + 2, c->sid, c->token, c->number, c->sid + 2);
    c->next_frame = now + c->number * 7 % 20;
}

/* -- the model. Which call a session belongs to is told by the first frame of audio in it. */

static void speak(Call *c) {
    if (c->cuts) c->cut_at = now + 2000;
    c->spoken = 0, c->speaking = true, c->next_delta = now;
    c->down_got = c->down_sent; /* what was cut is not lost */
    say(c->model, "{\"type\":\"response.created\",\"event_id\":\"e\",\"response\":{\"object\":\"realtime.response\",\"id\":\"resp_%d_%d\",\"status\":\"in_progress\",\"output\":[]}}", c->number, c->turn);
    say(c->model, "{\"type\":\"response.output_item.added\",\"event_id\":\"e\",\"response_id\":\"resp_%d_%d\",\"output_index\":0,\"item\":{\"id\":\"item_%d_%d\",\"object\":\"realtime.item\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[]}}", c->number, c->turn, c->number, c->turn);
    say(c->model, "{\"type\":\"conversation.item.added\",\"event_id\":\"e\",\"previous_item_id\":\"item_u%d_%d\",\"item\":{\"id\":\"item_%d_%d\",\"object\":\"realtime.item\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[]}}", c->number, c->turn, c->number, c->turn);
}

static void send_delta(Call *c) {
    static const char *words[] = {"Sure,", " I", " can", " help", " you", " with", " that:", " we", " are", " open", " until", " seven", " this", " evening."};
    uint8_t audio[DELTA];
    char text[DELTA * 4 / 3 + 8];
    int size = ANSWER - c->spoken < DELTA ? ANSWER - c->spoken : DELTA;
    say(c->model, "{\"type\":\"response.output_audio_transcript.delta\",\"event_id\":\"e\",\"response_id\":\"resp_%d_%d\",\"item_id\":\"item_%d_%d\",\"output_index\":0,\"content_index\":0,\"delta\":\"%s\"}",
        c->number, c->turn, c->number, c->turn, words[c->spoken / DELTA % 14]);
    c->down_sent += (DELTA / FRAME - c->down_sent % (DELTA / FRAME)) % (DELTA / FRAME); /* a delta's first number is round */
    if (!c->spoken) c->down_got = c->down_sent;
    for (int at = 0; at < size; at += FRAME) c->down_time[c->down_sent % RING] = now, label(audio + at, c, c->down_sent++);
    encode64(audio, size, text);
    c->down_time[(c->down_sent - size / FRAME) % RING] = clock_ms();
    say(c->model, "{\"type\":\"response.output_audio.delta\",\"event_id\":\"e\",\"response_id\":\"resp_%d_%d\",\"item_id\":\"item_%d_%d\",\"output_index\":0,\"content_index\":0,\"delta\":\"%s\"}",
        c->number, c->turn, c->number, c->turn, text);
    c->spoken += size, c->next_delta += DELTA_MS;
}

static void stop_speaking(Call *c, const char *status) {
    c->speaking = false;
    say(c->model, "{\"type\":\"response.output_audio.done\",\"event_id\":\"e\",\"response_id\":\"resp_%d_%d\",\"item_id\":\"item_%d_%d\",\"output_index\":0,\"content_index\":0}", c->number, c->turn, c->number, c->turn);
    say(c->model, "{\"type\":\"response.output_audio_transcript.done\",\"event_id\":\"e\",\"response_id\":\"resp_%d_%d\",\"item_id\":\"item_%d_%d\",\"output_index\":0,\"content_index\":0,\"transcript\":\"Sure, I can help you with that: we are open until seven this evening.\"}", c->number, c->turn, c->number, c->turn);
    say(c->model, "{\"type\":\"response.output_item.done\",\"event_id\":\"e\",\"response_id\":\"resp_%d_%d\",\"output_index\":0,\"item\":{\"id\":\"item_%d_%d\",\"object\":\"realtime.item\",\"type\":\"message\",\"status\":\"%s\",\"role\":\"assistant\",\"content\":[]}}", c->number, c->turn, c->number, c->turn, status);
    say(c->model, "{\"type\":\"response.done\",\"event_id\":\"e\",\"response\":{\"object\":\"realtime.response\",\"id\":\"resp_%d_%d\",\"status\":\"%s\",\"output\":[]}}", c->number, c->turn, status);
}

static void listen_to_caller(Call *c) {
    say(c->model, "{\"type\":\"input_audio_buffer.speech_started\",\"event_id\":\"e\",\"audio_start_ms\":%u,\"item_id\":\"item_u%d_%d\"}", c->up_got * 20, c->number, c->turn + 1);
}

static void caller_is_done(Call *c) {
    c->turn++;
    c->cuts = (c->turn * 7 + c->number) % 10 < 3;
    say(c->model, "{\"type\":\"input_audio_buffer.speech_stopped\",\"event_id\":\"e\",\"audio_end_ms\":%u,\"item_id\":\"item_u%d_%d\"}", c->up_got * 20, c->number, c->turn);
    say(c->model, "{\"type\":\"input_audio_buffer.committed\",\"event_id\":\"e\",\"previous_item_id\":\"item_%d_%d\",\"item_id\":\"item_u%d_%d\"}", c->number, c->turn - 1, c->number, c->turn);
    say(c->model, "{\"type\":\"conversation.item.input_audio_transcription.completed\",\"event_id\":\"e\",\"item_id\":\"item_u%d_%d\",\"content_index\":0,\"transcript\":\"Until when are you open?\"}", c->number, c->turn);
}

static void cut_in(Call *c) {
    c->cut_at = 0;
    if (measuring) cuts++;
    c->cut_sent = clock_ms();
    listen_to_caller(c);
    if (c->speaking) stop_speaking(c, "incomplete");
}

static void live(Call *c) {
    if (c->ended || !c->started) return;
    while (c->next_frame <= now) send_frame(c);
    if (c->mark_count && c->marks[0].due <= now) echo_due(c, now);
    if (!c->model || c->model->fd < 0) return;
    if (c->next_turn <= now) {
        if (c->turn && !c->cuts) listen_to_caller(c);
        caller_is_done(c);
        speak(c);
        c->next_turn += TURN_MS;
    }
    if (c->cut_at && c->cut_at <= now) cut_in(c);
    if (c->speaking && c->next_delta <= now) {
        send_delta(c);
        if (c->spoken >= ANSWER) stop_speaking(c, "completed");
    }
}

static void model_hears(Socket *s, char *text, size_t length) {
    size_t size;
    const char *audio;
    if (strstr(text, "\"input_audio_buffer.append\"")) {
        if (!(audio = find(text, "\"audio\":", &size))) { malformed++; return; }
        if (!s->call) {
            uint8_t first[3];
            decode64(audio, 4, first);
            int number = first[1] << 8 | first[2];
            if (first[0] != 0xA5 || number >= call_count) return;
            s->call = &calls[number], s->call->model = s, s->call->up_got = 0;
            s->call->next_turn = now + 500 + number * 61 % (int)TURN_MS;
        }
        walk(s->call, audio, size, &s->call->up_got, s->call->up_time, &up_times, true);
    } else if (length < 65536 && strstr(text, "\"session.update\"")) {
        say(s, "{\"type\":\"session.updated\",\"event_id\":\"e\",\"session\":{\"type\":\"realtime\",\"expires_at\":%ld}}", time(NULL) + 3600);
    } else if (strstr(text, "\"conversation.item.truncate\"")) truncated += measuring;
}

/* -- reading */

static void welcome(Socket *s, char *head) {
    char *key = strcasestr(head, "sec-websocket-key:"), answer[200], accept[40];
    uint8_t digest[20];
    if (!key) { shut(s); return; }
    snprintf(answer, sizeof answer, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key + 19);
    sha1(answer, digest);
    encode64(digest, 20, accept);
    int size = snprintf(answer, sizeof answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
    add(&s->out, answer, size);
    s->open = true;
    say(s, "{\"type\":\"session.created\",\"event_id\":\"e\",\"session\":{\"type\":\"realtime\",\"id\":\"sess\"}}");
}

static size_t read_head(Socket *s) {
    uint8_t *end = memmem(s->in.data, s->in.size, "\r\n\r\n", 4);
    if (!end) return 0;
    *end = 0;
    if (!s->phone) welcome(s, (char *)s->in.data);
    else if (strstr((char *)s->in.data, " 101 ")) begin(s->call);
    else { fprintf(stderr, "refused: %.60s\n", s->in.data); shut(s); }
    return end + 4 - s->in.data;
}

static size_t read_frame(Socket *s) {
    uint8_t *data = s->in.data;
    size_t have = s->in.size, size = have < 2 ? 0 : data[1] & 127, head = 2;
    if (have < 2) return 0;
    if (size > 125) {
        head += size == 126 ? 2 : 8;
        if (have < head) return 0;
        uint64_t long_size = 0;
        for (size_t i = 2; i < head; i++) long_size = long_size << 8 | data[i];
        size = long_size;
    }
    uint8_t *mask = data[1] & 128 ? data + head : NULL;
    if (mask) head += 4;
    if (have < head + size) return 0;
    uint8_t *payload = data + head, behind = have > head + size ? payload[size] : 0;
    if (mask) for (size_t i = 0; i < size; i++) payload[i] ^= mask[i & 3];
    int opcode = data[0] & 15;
    if (opcode == 1) {
        payload[size] = 0; /* there is room for one byte more */
        if (s->phone) phone_hears(s->call, (char *)payload);
        else model_hears(s, (char *)payload, size);
        payload[size] = behind;
    } else if (opcode == 8) { frame(s, 8, payload, size < 2 ? 0 : 2); shut(s); }
    else if (opcode == 9) frame(s, 10, payload, size);
    return head + size;
}

static void readable(Socket *s) {
    static uint8_t data[1 << 18];
    ssize_t got = recv(s->fd, data, sizeof data, 0);
    if (got <= 0) { if (got == 0 || errno != EAGAIN) shut(s); return; }
    add(&s->in, data, got);
    add(&s->in, "", 1), s->in.size--;
    size_t used = 0, step;
    Bytes whole = s->in;
    while (s->fd >= 0 && used < whole.size) {
        s->in = (Bytes){whole.data + used, whole.size - used, 0};
        if (!(step = s->open ? read_frame(s) : read_head(s))) break;
        used += step;
    }
    s->in = whole;
    memmove(s->in.data, s->in.data + used, s->in.size -= used);
}

/* -- the course of a run */

static void run_until(double end) {
    struct epoll_event events[256];
    while ((now = clock_ms()) < end) {
        int count = epoll_wait(epoll, events, 256, 1);
        for (int i = 0; i < count; i++) {
            now = clock_ms();
            Socket *s = events[i].data.ptr;
            if (!s) { models_open++; watch(accept(listener, NULL, NULL), false, NULL); }
            else {
                if (s->fd >= 0 && events[i].events & EPOLLOUT) flush(s);
                if (s->fd >= 0 && events[i].events & ~EPOLLOUT) readable(s);
            }
        }
        now = clock_ms();
        for (int i = 0; i < call_count; i++) live(&calls[i]);
    }
}

static int ascending(const void *a, const void *b) { float x = *(float *)a, y = *(float *)b; return (x > y) - (x < y); }

static void report(const char *name, Times *times) {
    qsort(times->values, times->count, sizeof(float), ascending);
    double p50 = times->count ? times->values[times->count / 2] : 0, p99 = times->count ? times->values[times->count * 99 / 100] : 0;
    printf("\"%s\":{\"count\":%zu,\"p50\":%.3f,\"p99\":%.3f},", name, times->count, p50, p99);
}

int main(int count, char **arguments) {
    if (count != 5) return fprintf(stderr, "usage: generator SERVER_PORT MODEL_PORT SECONDS SIGNATURE\n"), 2;
    server_port = atoi(arguments[1]), signature = arguments[4];
    for (int i = 0; i < 64; i++) values[(int)DIGITS[i]] = i;
    calls = calloc(10000, sizeof *calls);
    while (call_count < 10000 && scanf("%63s %255s", calls[call_count].sid, calls[call_count].token) == 2) calls[call_count].number = call_count, call_count++;
    epoll = epoll_create1(0);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[2])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) return perror("model's port"), 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    printf("ready\n"), fflush(stdout);
    for (int i = 0; i < call_count; i++) ring(&calls[i]), run_until(clock_ms() + RAMP_MS);
    run_until(clock_ms() + SETTLE_MS);
    lost = swapped = wrong = malformed = 0, measuring = true;
    printf("window\n"), fflush(stdout);
    run_until(clock_ms() + atof(arguments[3]) * 1000);
    printf("end\n"), fflush(stdout);
    measuring = false;
    int lasted = 0;
    for (int i = 0; i < call_count; i++) {
        if (calls[i].up_sent - calls[i].up_got > 50) lost += calls[i].up_sent - calls[i].up_got;
        lasted += calls[i].started && !calls[i].ended && calls[i].model && calls[i].model->fd >= 0;
    }
    long dropped = dropped_calls, lost_then = lost, swapped_then = swapped, wrong_then = wrong, malformed_then = malformed;
    for (int i = 0; i < call_count; i++) {
        Call *c = &calls[i];
        if (c->ended) continue;
        c->ended = true;
        say(c->phone, "{\"event\":\"stop\",\"sequenceNumber\":\"9\",\"streamSid\":\"MZ%s\",\"stop\":{\"callSid\":\"%s\"}}", c->sid + 2, c->sid);
        if (c->phone->fd >= 0) frame(c->phone, 8, "\x03\xe8", 2), shut(c->phone);
    }
    run_until(clock_ms() + LINGER_MS);
    printf("{");
    report("up_ms", &up_times), report("down_ms", &down_times), report("cut_ms", &cut_times), report("late_ms", &late_times);
    printf("\"calls\":%d,\"lasted\":%d,\"dropped\":%ld,\"lost\":%ld,\"swapped\":%ld,\"wrong\":%ld,\"malformed\":%ld,\"cuts\":%ld,\"truncated\":%ld,\"models_left_open\":%ld}\n",
        call_count, lasted, dropped, lost_then, swapped_then, wrong_then, malformed_then, cuts, truncated, models_open);
    return 0;
}
