#include "services/escrow/sealed_text.h"

#include <sodium.h>

#include "services/escrow/sodium_ready.h"

namespace hikyaku::escrow {
namespace {

using spool::SpoolError, spool::SpoolFailure, spool::SpoolResult;

static_assert(key_octets == crypto_box_PUBLICKEYBYTES && key_octets == crypto_box_SECRETKEYBYTES);

constexpr std::string_view magic = "HKSEAL1\n";
constexpr std::size_t piece_octets = 64 << 10, stream_key_octets = crypto_secretstream_xchacha20poly1305_KEYBYTES, more_octets = crypto_secretstream_xchacha20poly1305_ABYTES,
                      header_octets = crypto_secretstream_xchacha20poly1305_HEADERBYTES, box_octets = crypto_box_SEALBYTES + stream_key_octets, front_octets = 8 + box_octets + header_octets;

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

SpoolError unreadable() { return {SpoolFailure::Damaged, "the copy is damaged, or was sealed for another key"}; }

// The stream while it is written.
class Sealing {
 public:
  Sealing(const std::string& public_key, const std::string& about, const quarantine::To& to) : public_key_(public_key), about_(about), to_(to) {}

  SpoolResult<> begin() {
    std::string key(stream_key_octets, '\0'), box(box_octets, '\0'), header(header_octets, '\0');
    crypto_secretstream_xchacha20poly1305_keygen(bytes(key));
    const bool sealed = crypto_box_seal(bytes(box), bytes(std::string_view(key)), key.size(), bytes(std::string_view(public_key_))) == 0;
    crypto_secretstream_xchacha20poly1305_init_push(&state_, bytes(header), bytes(std::string_view(key)));
    sodium_memzero(key.data(), key.size());
    if (!sealed) return failure(SpoolError{SpoolFailure::Broken, "the public key is none"});
    return to_(std::string(magic) + box + header);
  }

  // A piece goes when more follows: the last one is marked.
  SpoolResult<> take(std::string_view octets) {
    waiting_ += octets;
    std::size_t at = 0;
    for (; waiting_.size() - at > piece_octets; at += piece_octets) TRY_VOID(push(std::string_view(waiting_).substr(at, piece_octets), crypto_secretstream_xchacha20poly1305_TAG_MESSAGE));
    waiting_.erase(0, at);
    return {};
  }
  SpoolResult<> end() { return push(waiting_, crypto_secretstream_xchacha20poly1305_TAG_FINAL); }

 private:
  SpoolResult<> push(std::string_view piece, unsigned char tag) {
    std::string out(piece.size() + more_octets, '\0');
    crypto_secretstream_xchacha20poly1305_push(&state_, bytes(out), nullptr, bytes(piece), piece.size(), bytes(std::string_view(about_)), about_.size(), tag);
    return to_(out);
  }

  const std::string& public_key_;
  const std::string& about_;
  const quarantine::To& to_;
  crypto_secretstream_xchacha20poly1305_state state_{};
  std::string waiting_;
};

}  // namespace

KeyPair make_keys() {
  need_sodium();
  KeyPair made{std::string(key_octets, '\0'), std::string(key_octets, '\0')};
  crypto_box_keypair(bytes(made.open), bytes(made.secret));
  return made;
}

std::string public_key_of(const std::string& secret) {
  need_sodium();
  std::string open(key_octets, '\0');
  crypto_scalarmult_base(bytes(open), bytes(std::string_view(secret)));
  return open;
}

std::uint64_t sealed_octets(std::uint64_t octets) {
  const std::uint64_t pieces = octets == 0 ? 1 : (octets + piece_octets - 1) / piece_octets;
  return front_octets + octets + pieces * more_octets;
}

std::string about(const quarantine::Entry& entry) { return entry.envelope.id.text() + "\n" + entry.mark; }

quarantine::Source sealed(quarantine::Source text, std::string public_key, std::string about) {
  need_sodium();
  return [text = std::move(text), public_key = std::move(public_key), about = std::move(about)](const quarantine::To& to) -> SpoolResult<> {
    if (public_key.size() != key_octets) return failure(SpoolError{SpoolFailure::Broken, "the public key is none"});
    Sealing sealing(public_key, about, to);
    TRY_VOID(sealing.begin());
    TRY_VOID(text([&sealing](std::string_view piece) { return sealing.take(piece); }));
    return sealing.end();
  };
}

struct Unsealing::State {
  std::string secret, about, waiting;
  quarantine::To to;
  crypto_secretstream_xchacha20poly1305_state stream{};
  bool begun = false;
};

Unsealing::Unsealing(std::string secret_key, std::string about, quarantine::To to) : state_(std::make_unique<State>()) {
  need_sodium();
  state_->secret = std::move(secret_key);
  state_->about = std::move(about);
  state_->to = std::move(to);
}

Unsealing::~Unsealing() { sodium_memzero(state_->secret.data(), state_->secret.size()); }

SpoolResult<> Unsealing::begin() {
  auto& state = *state_;
  const std::string_view front = std::string_view(state.waiting).substr(0, front_octets);
  if (!front.starts_with(magic) || state.secret.size() != key_octets) return failure(unreadable());
  const auto open = public_key_of(state.secret);
  std::string key(stream_key_octets, '\0');
  if (crypto_box_seal_open(bytes(key), bytes(front.substr(magic.size())), box_octets, bytes(std::string_view(open)), bytes(std::string_view(state.secret))) != 0) return failure(unreadable());
  const int begun = crypto_secretstream_xchacha20poly1305_init_pull(&state.stream, bytes(front.substr(magic.size() + box_octets)), bytes(std::string_view(key)));
  sodium_memzero(key.data(), key.size());
  if (begun != 0) return failure(unreadable());
  state.waiting.erase(0, front_octets);
  state.begun = true;
  return {};
}

SpoolResult<> Unsealing::open_piece(std::size_t octets, bool last) {
  auto& state = *state_;
  if (octets < more_octets) return failure(unreadable());
  std::string out(octets - more_octets, '\0');
  unsigned char tag = 0;
  if (crypto_secretstream_xchacha20poly1305_pull(&state.stream, bytes(out), nullptr, &tag, bytes(std::string_view(state.waiting)), octets, bytes(std::string_view(state.about)), state.about.size()) != 0)
    return failure(unreadable());
  if ((tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL) != last) return failure(unreadable());
  state.waiting.erase(0, octets);
  return out.empty() ? SpoolResult<>{} : state.to(out);
}

SpoolResult<> Unsealing::take(std::string_view octets) {
  auto& state = *state_;
  for (std::size_t at = 0; at < octets.size();) {
    const auto part = octets.substr(at, piece_octets);
    state.waiting += part;
    at += part.size();
    if (!state.begun && state.waiting.size() >= front_octets) TRY_VOID(begin());
    while (state.begun && state.waiting.size() > piece_octets + more_octets) TRY_VOID(open_piece(piece_octets + more_octets, false));
  }
  return {};
}

SpoolResult<> Unsealing::end() { return state_->begun ? open_piece(state_->waiting.size(), true) : failure(unreadable()); }

}  // namespace hikyaku::escrow
