// Sealing a text for who has the secret key: whoever seals needs the public key only, and cannot read it afterwards.
//
//   HKSEAL1 LF | sealed box of the stream's key, 80 | header of the stream, 24 | pieces of at most 64 KiB, 17 octets longer each; the last one says that it is
//
// (libsodium: crypto_box_seal, crypto_secretstream_xchacha20poly1305.) Each piece is bound to `about`: a sealed text cannot be put into another's place.
// Changed or shortened it does not open. Pure but for random numbers; about 1 GB/s.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "services/quarantine/store.h"

namespace hikyaku::escrow {

inline constexpr std::size_t key_octets = 32;

struct KeyPair {
  std::string open, secret;  // key_octets each
};
[[nodiscard]] KeyPair make_keys();
[[nodiscard]] std::string public_key_of(const std::string& secret);

// How long a text of so many octets is when it is sealed.
[[nodiscard]] std::uint64_t sealed_octets(std::uint64_t octets);
// What the text of a copy is bound to.
[[nodiscard]] std::string about(const quarantine::Entry& entry);
// What gives the sealed text of what `text` gives.
[[nodiscard]] quarantine::Source sealed(quarantine::Source text, std::string public_key, std::string about);

// Opens piece by piece; what it has given is authentic, what follows may still turn out to be missing: only end() says that it was all.
class Unsealing {
 public:
  Unsealing(std::string secret_key, std::string about, quarantine::To to);
  ~Unsealing();
  spool::SpoolResult<> take(std::string_view octets);
  spool::SpoolResult<> end();

 private:
  struct State;
  spool::SpoolResult<> begin();
  spool::SpoolResult<> open_piece(std::size_t octets, bool last);
  std::unique_ptr<State> state_;
};

}  // namespace hikyaku::escrow
