#include "services/escrow/fingerprint.h"

#include <sodium.h>

#include <algorithm>

#include "base/cursor.h"
#include "protocol/mime/header.h"
#include "services/escrow/sodium_ready.h"

namespace hikyaku::escrow {
namespace {

constexpr std::size_t hash_octets = crypto_generichash_BYTES;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// What names the text in its header.
std::string name_of(std::string_view header) {
  if (const auto field = mime::find_field(header, "Message-ID")) {
    mime::TextStore store;
    if (const auto id = mime::unfold(field->value, store); !id.empty()) return "id " + std::string(id);
  }
  return "header " + std::string(header);
}

}  // namespace

struct Fingerprint::Hash {
  crypto_generichash_state state;
  Hash() { crypto_generichash_init(&state, nullptr, 0, hash_octets); }
  void add(std::string_view octets) { crypto_generichash_update(&state, bytes(octets), octets.size()); }
  // With its size before it: what stands behind one another never reads as something else.
  void add_word(std::string_view word) {
    add(std::to_string(word.size()) + ':');
    add(word);
  }
  std::string value() {
    std::string out(hash_octets, '\0');
    crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(out.data()), out.size());
    return out;
  }
};

Fingerprint::Fingerprint() {
  need_sodium();
  body_ = std::make_unique<Hash>();
}
Fingerprint::Fingerprint(Fingerprint&&) noexcept = default;
Fingerprint& Fingerprint::operator=(Fingerprint&&) noexcept = default;
Fingerprint::~Fingerprint() = default;

void Fingerprint::feed(std::string_view octets) {
  if (in_body_) return body_->add(octets);
  const auto look_from = header_.size() - std::min<std::size_t>(header_.size(), 3);  // the end may be in two pieces
  header_ += octets;
  if (header_.starts_with("\r\n")) return begin_body(0);
  if (const auto end = header_.find("\r\n\r\n", look_from); end != std::string::npos && end <= most_header_octets) return begin_body(end + 2);
  if (header_.size() > most_header_octets + 4) begin_body(most_header_octets);
}

void Fingerprint::begin_body(std::size_t header_octets) {
  in_body_ = true;
  body_->add(std::string_view(header_).substr(header_octets));
  header_.resize(header_octets);
}

void Fingerprint::end() {
  Hash all;
  all.add_word(name_of(header_));
  all.add_word(body_->value());
  text_ = all.value();
}

std::string Fingerprint::mark(const ReversePath& sender, const Address& recipient) const {
  Hash all;
  all.add_word(ascii_lower(sender.text()));
  all.add_word(ascii_lower(recipient.text()));
  all.add_word(text_);
  return to_hex(all.value());
}

bool is_mark(std::string_view text) {
  return text.size() == hash_octets * 2 && std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace hikyaku::escrow
