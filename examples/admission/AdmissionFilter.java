// Spring Boot: a @Component that runs first. Standard library and Spring alone.
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
public class AdmissionFilter extends OncePerRequestFilter {
    private static final byte[] KEY =
            Base64.getUrlDecoder().decode(System.getenv("DOORWARD_ADMISSION_KEY"));
    private static final String GATE =
            System.getenv().getOrDefault("DOORWARD_GATE_ID", "doorward");

    /** Whether this very request came through the gate. A bound body is checked with its bytes. */
    static boolean admitted(String proof, String method, String target, byte[] body)
            throws GeneralSecurityException {
        String[] part = proof.split("\\.", -1);
        if (KEY.length != 32 || part.length != 6 || !part[0].equals("dwa1")) return false;
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
        List<String> fields =
                List.of(part[0], GATE, part[1], part[2], method, target, part[3], part[4]);
        for (String field : fields) {
            byte[] bytes = field.getBytes(StandardCharsets.UTF_8);
            mac.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
            mac.update(bytes);
        }
        Base64.Encoder base64url = Base64.getUrlEncoder().withoutPadding();
        byte[] want = base64url.encode(mac.doFinal());
        if (!MessageDigest.isEqual(want, part[5].getBytes(StandardCharsets.UTF_8))) return false;
        long age = Math.abs(Instant.now().getEpochSecond() - Long.parseLong(part[1]));
        byte[] sum = MessageDigest.getInstance("SHA-256").digest(body);
        return age <= 60 && (part[4].equals("-") || part[4].equals(base64url.encodeToString(sum)));
    }

    @Override
    protected void doFilterInternal(
            HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        // getRequestURI is the path as it arrived, not decoded.
        String query = request.getQueryString();
        String target = request.getRequestURI() + (query == null ? "" : "?" + query);
        String proof = String.join(", ", Collections.list(request.getHeaders("Doorward-Admitted")));
        try {
            // Where a route binds its body, wrap the request so that its bytes can be read twice.
            if (admitted(proof, request.getMethod(), target, new byte[0])) {
                chain.doFilter(request, response);
                return;
            }
        } catch (GeneralSecurityException error) {
            throw new ServletException(error);
        }
        response.sendError(403, "this request did not come through the gate");
    }
}
