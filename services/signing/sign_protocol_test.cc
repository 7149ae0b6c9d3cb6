#include "services/signing/sign_protocol.h"

#include <doctest/doctest.h>

namespace hikyaku::signing {
namespace {

const std::string name(key_name_octets, 'a');

TEST_CASE("requests and replies come back as they were") {
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, most_items}) {
    SignRequest request;
    for (std::size_t n = 0; n < count; ++n) request.items.push_back({name, {static_cast<unsigned char>(n)}});
    CHECK(decode_sign_request(encode(request)) == request);
    for (const auto field : {SignField::ArcMessageSignature, SignField::ArcSeal}) CHECK(decode_sign_request(encode(SignRequest{request.items, field}))->field == field);
  }
  for (const SignReply& reply : {SignReply{}, SignReply{{{Signature::State::Made, std::string(256, '\0')}, {Signature::State::NoSuchKey, ""}, {Signature::State::Busy, ""}}}})
    CHECK(decode_sign_reply(encode(reply)) == reply);
}

TEST_CASE("what is no message of this protocol is nothing") {
  const auto good = encode(SignRequest{{{name, {}}}});
  SignRequest many;
  for (std::size_t n = 0; n <= most_items; ++n) many.items.push_back({name, {}});
  for (const auto& octets : {std::string(), std::string("\1"), std::string("\1\0", 2), good + "x", good.substr(0, good.size() - 1), "\2" + good.substr(1), "\5" + good.substr(1), encode(many),
                             encode(SignRequest{{{"../../secrets", {}}}}), encode(SignRequest{{{std::string(32, 'A'), {}}}}), encode(SignRequest{{{std::string(33, 'a'), {}}}}),
                             encode(SignRequest{{{"", {}}}})})
    CHECK_FALSE(decode_sign_request(octets));
  for (const auto& octets : {std::string(), good, encode(SignReply{{{Signature::State::Made, ""}}}), encode(SignReply{{{Signature::State::Busy, "x"}}}),
                             encode(SignReply{{{static_cast<Signature::State>(4), ""}}}), encode(SignReply{{{Signature::State::Made, std::string(most_signature_octets + 1, 'x')}}}),
                             encode(SignReply{std::vector<Signature>(most_items + 1)}), encode(SignReply{}) + "x"})
    CHECK_FALSE(decode_sign_reply(octets));
}

}  // namespace
}  // namespace hikyaku::signing
