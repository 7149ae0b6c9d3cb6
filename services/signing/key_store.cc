#include "services/signing/key_store.h"

#include <dirent.h>
#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "services/signing/sign_protocol.h"

namespace hikyaku::signing {
namespace {

// Files that io::Disk makes may be read by the group; nobody but the services' user has any business here.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() { ::umask(before_); }

 private:
  mode_t before_;
};

}  // namespace

std::string key_name_of(std::string_view public_octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  dkim::Sha256 hash;
  hash.add(public_octets);
  const auto digest = hash.finish();
  std::string name;
  for (std::size_t n = 0; n < key_name_octets / 2; ++n) {
    name += digits[digest[n] >> 4];
    name += digits[digest[n] & 15];
  }
  return name;
}

Result<std::string, std::string> KeyStore::add(const dkim::PrivateKey& key, std::string_view about) {
  const Umask only_ours(0077);
  const auto name = key_name_of(key.public_octets());
  if (const auto made = disk_.make_folder(folder_); !made) return failure(made.error().what);
  if (disk_.info(path_of(name))) return name;
  if (const auto written = io::replace_file(disk_, path_of(name), std::string(about) + "\n" + key.pem()); !written) return failure(written.error().what);
  return name;
}

io::DiskResult<dkim::PrivateKey> KeyStore::read(std::string_view name) const {
  const auto no = [&](std::string what) { return failure(io::DiskError{io::DiskFailure::Broken, path_of(name) + ": " + std::move(what)}); };
  if (!is_key_name(name)) return failure(io::DiskError{io::DiskFailure::NotFound, "no name of a key"});
  TRY(text, io::read_file(disk_, path_of(name), most_file_octets));
  auto key = dkim::PrivateKey::read(text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!key) return no(std::move(key).error());
  if (key_name_of(key->public_octets()) != name) return no("it holds another key than its name says");
  return std::move(*key);
}

Result<void, std::string> KeyStore::remove(std::string_view name) {
  if (!is_key_name(name)) return {};
  const auto removed = disk_.remove(path_of(name));
  if (!removed && removed.error().kind != io::DiskFailure::NotFound) return failure(removed.error().what);
  if (const auto synced = disk_.sync_folder(folder_); !synced && synced.error().kind != io::DiskFailure::NotFound) return failure(synced.error().what);
  return {};
}

std::vector<std::string> KeyStore::names() const {
  auto all = disk_.list(folder_);
  if (!all) return {};
  std::erase_if(*all, [](const std::string& name) { return !is_key_name(name); });
  return std::move(*all);
}

bool has_keys(const std::string& folder) {
  struct Close { void operator()(DIR* open) const { ::closedir(open); } };
  const std::unique_ptr<DIR, Close> open(::opendir(folder.c_str()));
  while (const auto* const entry = open ? ::readdir(open.get()) : nullptr)
    if (is_key_name(entry->d_name)) return true;
  return false;
}

}  // namespace hikyaku::signing
