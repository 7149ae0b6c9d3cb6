// What `deliver` and `signer` say to each other, as values and as octets: keys by name and digests of 32 octets go there,
// signatures come back. Whoever asks has met the world, so requests are read as foreign: pure, bounded, linear.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/dkim/keys.h"

namespace hikyaku::signing {

inline constexpr std::size_t key_name_octets = 32;     // of hexadecimal digits, exactly
inline constexpr std::size_t most_items = 8;           // of a request
inline constexpr std::size_t most_signature_octets = dkim::most_rsa_bits / 8;

// Which field the signatures of a request are for; signer counts by it, and signs them all alike.
enum class SignField : std::uint8_t { DkimSignature, ArcMessageSignature, ArcSeal };
[[nodiscard]] std::string_view field_name(SignField field);  // "DKIM-Signature"

struct SignItem {
  std::string key;  // key_name_of() its public half (key_store.h)
  dkim::Digest digest{};
  friend bool operator==(const SignItem&, const SignItem&) = default;
};
struct SignRequest {
  std::vector<SignItem> items;  // 1 to most_items
  SignField field = SignField::DkimSignature;
  friend bool operator==(const SignRequest&, const SignRequest&) = default;
};

struct Signature {
  enum class State : std::uint8_t { Made, NoSuchKey, Unreadable, Busy } state = State::NoSuchKey;
  std::string octets;  // Made only
  friend bool operator==(const Signature&, const Signature&) = default;
};
struct SignReply {
  std::vector<Signature> signatures;  // one for each item, in order; none: the request was not understood
  friend bool operator==(const SignReply&, const SignReply&) = default;
};

[[nodiscard]] std::string encode(const SignRequest& request);
[[nodiscard]] std::string encode(const SignReply& reply);
// Nothing: not a message of this protocol.
[[nodiscard]] std::optional<SignRequest> decode_sign_request(std::string_view octets);
[[nodiscard]] std::optional<SignReply> decode_sign_reply(std::string_view octets);

// Lower-case hexadecimal digits, as many as a key's name has: safe as the name of a file.
[[nodiscard]] bool is_key_name(std::string_view text);

}  // namespace hikyaku::signing
