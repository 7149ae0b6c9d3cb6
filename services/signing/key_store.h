// KeyStore: the folder of private DKIM keys, which `signer` alone may open among the services; the command line writes it as the
// services' user. One file a key, mode 0600, named by its public half, so that a name never means two keys. Blocking.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "protocol/dkim/keys.h"

namespace hikyaku::signing {

// 32 hexadecimal digits of the SHA-256 of the public octets.
[[nodiscard]] std::string key_name_of(std::string_view public_octets);

class KeyStore {
 public:
  static constexpr std::uint64_t most_file_octets = 64 << 10;

  KeyStore(io::Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

  // Durable when it returns; the name. Makes the folder (0700). A key that is there already is no error. `about`: a line for who
  // looks into the folder.
  [[nodiscard]] Result<std::string, std::string> add(const dkim::PrivateKey& key, std::string_view about);
  // A key whose file does not hold what its name says is no key. NotFound where there is none, Broken where it cannot be used.
  [[nodiscard]] io::DiskResult<dkim::PrivateKey> read(std::string_view name) const;
  // Nothing to remove is no error.
  [[nodiscard]] Result<void, std::string> remove(std::string_view name);
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  [[nodiscard]] std::string path_of(std::string_view name) const { return folder_ + "/" + std::string(name); }

  io::Disk& disk_;
  std::string folder_;
};

// Whether any key is there: without one, signer has nothing to do. Opens the folder only; no folder: no key.
[[nodiscard]] bool has_keys(const std::string& folder);

}  // namespace hikyaku::signing
