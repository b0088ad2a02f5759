"""Django: the first entry of MIDDLEWARE, "django_middleware.only_through_the_gate"."""

from django.http import JsonResponse

from admission import admitted


def only_through_the_gate(get_response):
    def middleware(request):
        # The target as it arrived: gunicorn has RAW_URI, uWSGI and mod_wsgi REQUEST_URI. Without
        # either the path is a decoded one that is encoded again, and odd spellings are refused.
        meta = request.META
        target = meta.get("RAW_URI") or meta.get("REQUEST_URI") or request.get_full_path()
        # Only where a route binds its body: this reads it whole.
        proof, body = request.headers.get("Doorward-Admitted"), request.body
        if not admitted(proof, request.method, target, body):
            return JsonResponse({"error": "this request did not come through the gate"}, status=403)
        return get_response(request)

    return middleware
