import { useEffect, useState } from 'react'
import axios from 'axios'

// The gate's address, not the backend's.
const api = axios.create({ baseURL: 'http://localhost:8080/api' })

function App() {
  const [products, setProducts] = useState([])
  const [order, setOrder] = useState(null)
  const [failure, setFailure] = useState(null)

  const fail = (error) => setFailure(error.response?.data.code ?? error.message)

  useEffect(() => {
    const show = async () => {
      const { data } = await api.get('/products')
      setProducts(data)
    }
    show().catch(fail)
  }, [])

  const buy = async () => {
    const { data } = await api.post('/orders', { product: products[0].id })
    setOrder(data)
  }

  const state = order ? 'done' : products.length ? 'ready' : 'loading'

  return (
    <>
      <h1>Shop</h1>
      <ul>
        {products.map(({ id, name }) => (
          <li key={id}>{name}</li>
        ))}
      </ul>
      <button type="button" disabled={!products.length} onClick={() => buy().catch(fail)}>
        Buy the first
      </button>
      {order && <p>Order {order.order}: {order.of}</p>}
      <p id="state">{failure ? `failed: ${failure}` : state}</p>
    </>
  )
}

export default App
