/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ke.c - exchanges keys with an NTS server (RFC 8915, section 4) and prints them, for load.c.
 *
 * usage: ke ADDRESS PORT
 *
 * prints, in hexadecimal, a line each: the key to the server, the key to the client, one cookie.
 * The certificate is not looked at: this is a bench.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEY = 32, ANSWER_MAX = 4096, RECORD_END = 0, RECORD_COOKIE = 5 };

static const char label[] = "EXPORTER-network-time-security";
/* NTPv4, AES-SIV-CMAC-256, the end. */
static const uint8_t wish[] = {0x80, 1, 0, 2, 0, 0, 0x80, 4, 0, 2, 0, 15, 0x80, 0, 0, 0};
static const uint8_t protocol[] = {7, 'n', 't', 's', 'k', 'e', '/', '1'};

static void print_hex(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        printf("%02x", bytes[i]);
    }
    putchar('\n');
}

static int connect_to(const char *address, const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
        connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        perror("ke: connect");
        exit(1);
    }
    return fd;
}

static bool print_key(SSL *tls, uint8_t direction)
{
    const uint8_t context[] = {0, 0, 0, 15, direction};
    uint8_t key[KEY];
    bool good = SSL_export_keying_material(tls, key, sizeof key, label, sizeof label - 1, context,
                                           sizeof context, 1) == 1;

    print_hex(key, sizeof key);
    return good;
}

/* Prints the first cookie; false: there is none yet. */
static bool print_cookie(const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at + 4 <= size;) {
        unsigned kind = (unsigned)(bytes[at] & 0x7f) << 8 | bytes[at + 1];
        size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];

        if (kind == RECORD_COOKIE && at + 4 + length <= size) {
            print_hex(bytes + at + 4, length);
            return true;
        }
        at += 4 + length;
    }
    return false;
}

int main(int argc, char **argv)
{
    uint8_t answer[ANSWER_MAX];
    size_t size = 0;
    int got;

    if (argc != 3) {
        fputs("usage: ke ADDRESS PORT\n", stderr);
        return 2;
    }
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *tls = SSL_new(context);
    SSL_set_alpn_protos(tls, protocol, sizeof protocol);
    SSL_set_fd(tls, connect_to(argv[1], argv[2]));
    if (SSL_connect(tls) != 1 || SSL_write(tls, wish, sizeof wish) != sizeof wish) {
        fputs("ke: no TLS\n", stderr);
        return 1;
    }
    while (size < sizeof answer &&
           (got = SSL_read(tls, answer + size, (int)(sizeof answer - size))) > 0) {
        size += (size_t)got;
    }
    return print_key(tls, 0) && print_key(tls, 1) && print_cookie(answer, size) ? 0 : 1;
}
