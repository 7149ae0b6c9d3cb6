#include "storage/lease_files.h"

#include <thread>

#include "base/checksum.h"
#include "base/wire.h"
#include "storage/sqlite_home.h"

namespace hikyaku::storage {
namespace {

constexpr std::uint64_t place_octets = 512;
constexpr Duration look_again = std::chrono::milliseconds{10};

std::uint64_t read_place(io::File& file, std::uint64_t offset) {
  char octets[16];
  const auto read = file.read_at(offset, octets);
  if (!read || *read != sizeof octets) return 0;
  WireReader in(std::string_view(octets, sizeof octets));
  const auto token = in.u64();
  return in.u64() == checksum(std::string_view(octets, 8)) ? token : 0;
}

std::uint64_t newest_token(io::File& file) { return std::max(read_place(file, 0), read_place(file, place_octets)); }

StoreResult<> write_token(io::File& file, std::uint64_t token) {
  const auto number = WireWriter{}.u64(token).bytes();
  const auto sum = WireWriter{}.u64(checksum(number)).bytes();
  auto written = file.write_at(token % 2 * place_octets, number + sum);
  if (written) written = file.flush();
  if (!written) return failure(store_error(std::move(written.error())));
  return {};
}

}  // namespace

// A name has no '%', so this is one file a name.
std::string LeaseFiles::path(std::string_view name) const {
  std::string file(name);
  std::ranges::replace(file, '/', '%');
  return folder_ + "/" + file;
}

StoreResult<Lease> LeaseFiles::take(std::string_view name, Deadline deadline) {
  const auto fail = [](io::DiskError error) { return failure(store_error(std::move(error))); };
  if (auto made = disk_.make_folder(folder_); !made) return fail(made.error());
  auto file = disk_.open(path(name), io::OpenMode::Create);
  if (!file) return fail(file.error());
  for (;;) {
    const auto locked = (*file)->try_lock();
    if (locked) break;
    if (locked.error().kind != io::DiskFailure::Busy) return fail(locked.error());
    if (std::chrono::steady_clock::now() >= deadline)
      return failure(StoreError{StoreFailure::Timeout, "the lease \"" + std::string(name) + "\" is held"});
    std::this_thread::sleep_for(look_again);
  }
  const auto token = newest_token(**file) + 1;
  TRY_VOID(write_token(**file, token));
  if (token == 1) {
    const auto parent = std::string_view(folder_).substr(0, folder_.rfind('/'));
    for (const auto folder : {std::string_view(folder_), parent})
      if (auto synced = disk_.sync_folder(folder); !synced) return fail(synced.error());
  }
  const std::lock_guard hold(mutex_);
  held_[std::string(name)] = {std::move(*file), token};
  return Lease{std::string(name), token};
}

StoreResult<> LeaseFiles::release(const Lease& lease) {
  const std::lock_guard hold(mutex_);
  const auto held = held_.find(lease.name);
  if (held == held_.end() || held->second.token != lease.token)
    return failure(StoreError{StoreFailure::Fenced, "the lease \"" + lease.name + "\" is not ours"});
  held_.erase(held);
  return {};
}

bool LeaseFiles::is_newest(std::string_view name, std::uint64_t token) {
  if (token == 0) return false;
  {
    const std::lock_guard hold(mutex_);
    if (const auto held = held_.find(name); held != held_.end()) return held->second.token == token;
  }
  const auto file = disk_.open(path(name), io::OpenMode::Read);
  return file && newest_token(**file) == token;
}

}  // namespace hikyaku::storage
