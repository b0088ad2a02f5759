// Go: http.ListenAndServe("127.0.0.1:3000", admission.Only(mux)). Standard library alone.
package admission

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

var key, _ = base64.RawURLEncoding.DecodeString(os.Getenv("DOORWARD_ADMISSION_KEY"))

func gate() string {
	if id := os.Getenv("DOORWARD_GATE_ID"); id != "" {
		return id
	}
	return "doorward"
}

// Admitted says whether this very request came through the gate.
func Admitted(proof, method, target string, body []byte) bool {
	parts := strings.Split(proof, ".")
	if len(key) != 32 || len(parts) != 6 || parts[0] != "dwa1" {
		return false
	}
	mac := hmac.New(sha256.New, key)
	stamp, id, identity, digest := parts[1], parts[2], parts[3], parts[4]
	for _, field := range []string{"dwa1", gate(), stamp, id, method, target, identity, digest} {
		fmt.Fprintf(mac, "%d:%s", len(field), field)
	}
	got, err := base64.RawURLEncoding.DecodeString(parts[5])
	if err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		return false
	}
	sum := sha256.Sum256(body)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	age := time.Since(time.Unix(seconds, 0))
	fits := digest == "-" || digest == base64.RawURLEncoding.EncodeToString(sum[:])
	return err == nil && age.Abs() <= time.Minute && fits
}

// Only lets through what came through the gate.
func Only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Only where a route binds its body: this reads it whole. RequestURI is as it arrived.
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		proof := strings.Join(r.Header.Values("Doorward-Admitted"), ", ")
		if err != nil || !Admitted(proof, r.Method, r.RequestURI, body) {
			http.Error(w, "this request did not come through the gate", http.StatusForbidden)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}
