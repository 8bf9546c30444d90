/* An nbdkit plugin: a disk whose power can be cut.
 *
 * Every written sector stays in a volatile cache until a flush. At one write, which the parameters choose, the cache is written to a
 * file, from which disk.py makes possible images after the cut. Then the disk refuses all requests. The image has only the flushed
 * sectors.
 *
 * The last 4 KiB of the disk belong to no file system: a write there is a mark, by which the guest reports its progress. */
#define NBDKIT_API_VERSION 2
#define THREAD_MODEL NBDKIT_THREAD_MODEL_SERIALIZE_ALL_REQUESTS
#include <nbdkit-plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512, MARK_SIZE = 4096 };

struct written {
    uint64_t sector;
    uint8_t bytes[SECTOR];
};

static char *image_path, *cache_path;
static int cut_mark, cut_write; /* the power is cut at this write after this mark */
static int image = -1, is_off, mark, write_count;
static uint8_t *live; /* the contents for reads: a private mapping of the image */
static int64_t size;
static struct written *cache;
static size_t cache_count, cache_capacity;

static int disk_config(const char *key, const char *value)
{
    if (!strcmp(key, "image")) return (image_path = nbdkit_absolute_path(value)) ? 0 : -1;
    if (!strcmp(key, "cache")) return (cache_path = nbdkit_absolute_path(value)) ? 0 : -1;
    if (!strcmp(key, "mark")) return nbdkit_parse_int(key, value, &cut_mark);
    if (!strcmp(key, "write")) return nbdkit_parse_int(key, value, &cut_write);
    nbdkit_error("unknown parameter %s", key);
    return -1;
}

static int disk_get_ready(void)
{
    struct stat status;
    image = open(image_path, O_RDWR | O_CLOEXEC);
    if (image < 0 || fstat(image, &status)) return nbdkit_error("%s: %m", image_path), -1;
    size = status.st_size;
    live = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, image, 0);
    if (live == MAP_FAILED) return nbdkit_error("mmap: %m"), -1;
    return 0;
}

static void *disk_open(int readonly) { return NBDKIT_HANDLE_NOT_NEEDED; }
static int64_t disk_get_size(void *handle) { return size; }

static int off(void)
{
    nbdkit_set_error(EIO);
    return -1;
}

static int disk_pread(void *handle, void *bytes, uint32_t count, uint64_t offset, uint32_t flags)
{
    if (is_off) return off();
    memcpy(bytes, live + offset, count);
    return 0;
}

static int cut(void)
{
    int file = open(cache_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    size_t left = cache_count * sizeof *cache;
    const char *next = (const char *)cache;
    while (left > 0) {
        ssize_t done = write(file, next, left);
        if (done < 0) return nbdkit_error("%s: %m", cache_path), off();
        next += done;
        left -= done;
    }
    close(file);
    is_off = 1;
    return off();
}

static int disk_pwrite(void *handle, const void *bytes, uint32_t count, uint64_t offset, uint32_t flags)
{
    if (is_off) return off();
    if (offset >= (uint64_t)size - MARK_SIZE) {
        mark++;
        return 0;
    }
    memcpy(live + offset, bytes, count);
    for (uint32_t at = 0; at < count; at += SECTOR) {
        if (cache_count == cache_capacity) {
            cache_capacity = cache_capacity ? 2 * cache_capacity : 4096;
            cache = realloc(cache, cache_capacity * sizeof *cache);
            if (!cache) abort();
        }
        cache[cache_count].sector = (offset + at) / SECTOR;
        memcpy(cache[cache_count++].bytes, (const char *)bytes + at, SECTOR);
    }
    return mark >= cut_mark && ++write_count == cut_write ? cut() : 0;
}

static int disk_flush(void *handle, uint32_t flags)
{
    if (is_off) return off();
    for (size_t i = 0; i < cache_count; i++) {
        if (pwrite(image, cache[i].bytes, SECTOR, cache[i].sector * SECTOR) != SECTOR) return off();
    }
    cache_count = 0;
    return 0;
}

/* qemu's virtio disk offers no FUA: the guest's kernel flushes instead. For other clients a write with FUA flushes all. */
static int disk_can_fua(void *handle) { return NBDKIT_FUA_EMULATE; }
static int disk_block_size(void *handle, uint32_t *minimum, uint32_t *preferred, uint32_t *maximum)
{
    *minimum = SECTOR;
    *preferred = 4096;
    *maximum = 32 << 20;
    return 0;
}

static struct nbdkit_plugin plugin = {
    .name = "power-cut",
    .config = disk_config,
    .get_ready = disk_get_ready,
    .open = disk_open,
    .get_size = disk_get_size,
    .pread = disk_pread,
    .pwrite = disk_pwrite,
    .flush = disk_flush,
    .can_fua = disk_can_fua,
    .block_size = disk_block_size,
};
NBDKIT_REGISTER_PLUGIN(plugin)
