# Rails, and any Rack application: config.middleware.insert_before 0, Admission
require "digest"
require "openssl"
require "rack/utils"
require "stringio"

class Admission
  KEY = ENV.fetch("DOORWARD_ADMISSION_KEY").tr("-_", "+/").unpack1("m")
  GATE = ENV.fetch("DOORWARD_GATE_ID", "doorward")

  def initialize(app) = @app = app

  def call(env)
    # Puma and Falcon keep the target as it arrived in REQUEST_URI; PATH_INFO is decoded by some.
    target = env["REQUEST_URI"].delete_prefix("#{env["rack.url_scheme"]}://#{env["HTTP_HOST"]}")
    # Only where a route binds its body: this reads it whole. It runs before Rack::MethodOverride.
    body = env["rack.input"]&.read.to_s
    env["rack.input"] = StringIO.new(body)
    proof, method = env.values_at("HTTP_DOORWARD_ADMITTED", "REQUEST_METHOD")
    return @app.call(env) if admitted?(proof, method, target, body)

    [403, { "content-type" => "text/plain" }, ["This request did not come through the gate.\n"]]
  end

  def admitted?(proof, method, target, body)
    version, time, id, identity, digest, mac, more = proof.to_s.split(".", 7)
    fields = [version, GATE, time, id, method, target, identity, digest].map(&:to_s)
    text = fields.map { |field| "#{field.bytesize}:#{field}" }.join
    want = base64url(OpenSSL::HMAC.digest("SHA256", KEY, text))
    fits = digest == "-" || digest == base64url(Digest::SHA256.digest(body))
    KEY.bytesize == 32 && more.nil? && Rack::Utils.secure_compare(want, mac.to_s) &&
      version == "dwa1" && (Time.now.to_i - time.to_i).abs <= 60 && fits
  end

  def base64url(octets) = [octets].pack("m0").tr("+/", "-_").delete("=")
end
